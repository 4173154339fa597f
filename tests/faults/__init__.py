"""Nothing acknowledged is lost: real servers, real clients over TCP, and the ground shaking.

    link      one client's hold on the site, made again after every break as PROTOCOL §3 and §6 say
    readers   who listens: one chat by `id` cursors, all chats on /ws by horizon cursors
    writers   who speaks: by socket or REST, each message with a `ref` until it is acknowledged
    rest      REST that asks the next server when one does not answer
    ledger    what was acknowledged against what each reader saw: a `Row` of the table
    arena     servers, people, readers and writers in one place; strike, settle, judge
    proxy     a TCP proxy whose links can be cut
    table     the rows as text and as Markdown

A row that nothing can turn red shows nothing. `Arena.unanswered` strikes where it hurts: while commands are
under way, after some whose answers are lost, and with readers that come back amid the fault. Red have been:
refs or cursors ignored, an `ack` before the commit, `synchronous_commit=off`.

A short form of every fault runs with all tests, the long one by `make faults`, which writes docs/faults.md.
Here clients sleep: between attempts, and between two messages. Tests wait for conditions, as everywhere;
an outage lasts as long as its row says.
"""
