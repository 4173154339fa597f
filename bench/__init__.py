"""Kith's figures and its peers', side by side, in one run: see docs/performance.md.

    python -m bench                                            everything, about 20 minutes (`make bench`)
    python -m bench --only fanout --peers kith,ws --rounds 1 --sockets 200

| | |
|---|---|
| `plan` | what is run: scenarios, peers, sizes, rounds |
| `ground` | PostgreSQL, Redis, the database that every server gets a copy of |
| `peers/` | how each server is started, and what its clients say: a file for each |
| `apps/`, `node/` | the peers' own servers |
| `generator/` | the load, from a process of its own |
| `scenarios/` | what is measured: a file for each |
| `report`, `table`, `plots` | what came of it |
"""
