"""What a batch does to refs (`refs.reserve`) and to the log (`appending.append_numbered`), each in one statement.

They are functions, because PostgreSQL keeps their plans: to plan one takes as long as to do it for a few.
"""

from typing import Any

from django.db import migrations

# The rows keep their order, so that the keys have it; refs are claimed in an order that all transactions share.
RESERVE = """
CREATE FUNCTION kith_reserve(keys regclass, claims json)
RETURNS TABLE (key bigint, is_free boolean) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH wanted AS MATERIALIZED (
        SELECT c.user_id, c.scope, c.ref, c.digest, nextval(keys) AS number
        FROM json_populate_recordset(NULL::kith_realtime_ref, claims) AS c
    ),
    claimed AS (
        INSERT INTO kith_realtime_ref (user_id, scope, ref, digest, object_key)
        SELECT w.user_id, w.scope, w.ref, w.digest, w.number FROM wanted w
        WHERE w.ref IS NOT NULL ORDER BY w.user_id, w.scope, w.ref
        ON CONFLICT (user_id, scope, ref) DO NOTHING RETURNING object_key
    )
    SELECT number, object_key IS NOT NULL
    FROM wanted LEFT JOIN claimed ON object_key = number::text ORDER BY number;
END $$;
"""

# The topics' rows are locked in the order of their names, as by `kith_number_events` (0002). The ids are taken when
# every topic is locked, since all rows pass the sort before the first leaves it.
APPEND = """
CREATE FUNCTION kith_append(events json)
RETURNS TABLE (topic varchar, seq bigint, event_id bigint, created text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH told AS MATERIALIZED (
        SELECT e.*, count(*) OVER topics AS size, row_number() OVER (topics ORDER BY place) AS position
        FROM ROWS FROM (json_to_recordset(events) AS (
            topic text, type text, subject text, actor text, revokes text, grants text, withheld text, tally text,
            body text
        )) WITH ORDINALITY
            AS e (topic, type, subject, actor, revokes, grants, withheld, tally, body, place)
        WINDOW topics AS (PARTITION BY e.topic)
    ),
    heads AS (
        INSERT INTO kith_realtime_topic AS t (name, seq, pruned_id, pruned_xid)
        SELECT told.topic, size, 0, 0 FROM told WHERE position = 1 ORDER BY told.topic
        ON CONFLICT (name) DO UPDATE SET seq = t.seq + excluded.seq
        RETURNING t.name, t.seq
    )
    INSERT INTO kith_realtime_loggedevent AS l
        (topic, type, subject, actor, revokes, grants, withheld, tally, body, xid, seq, event_id)
    SELECT n.topic, n.type, n.subject, n.actor, n.revokes, n.grants, n.withheld, n.tally, n.body,
        pg_current_xact_id()::text::bigint, n.number, nextval('kith_event_id')
    FROM (
        SELECT told.*, heads.seq - size + position AS number
        FROM told JOIN heads ON heads.name = told.topic
        ORDER BY place
    ) n
    RETURNING l.topic, l.seq, l.event_id, CAST(l.created AS text);
END $$;
"""

DROP = "DROP FUNCTION kith_append(json); DROP FUNCTION kith_reserve(regclass, json)"


def create(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(RESERVE + APPEND, params=None)


def drop(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [("kith_realtime", "0003_tally")]

    operations = [migrations.RunPython(create, drop)]
