"""Numbers of events, given at COMMIT (PostgreSQL), and the first epoch of the log.

The constraint trigger is deferred to the end of the transaction: it takes the transaction's
topics in name order, so that two transactions on the same topics cannot deadlock, and holds
each topic's row until the commit is done, so that numbers grow in commit order. A lock taken
when the event is saved would hold up a whole chat for the length of an admin action.

The first firing numbers every event of the transaction; the others see that theirs is done.
"""

import secrets
from typing import Any

from django.db import migrations

CREATE = """
CREATE SEQUENCE kith_event_id OWNED BY kith_realtime_loggedevent.event_id;

CREATE FUNCTION kith_number_events() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    batch record;
    head bigint;
BEGIN
    PERFORM 1 FROM kith_realtime_loggedevent WHERE entry = NEW.entry AND seq IS NULL;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    FOR batch IN
        SELECT topic, array_agg(entry ORDER BY entry) AS entries
        FROM kith_realtime_loggedevent WHERE xid = NEW.xid AND seq IS NULL
        GROUP BY topic ORDER BY topic
    LOOP
        INSERT INTO kith_realtime_topic AS t (name, seq, pruned_id, pruned_xid)
        VALUES (batch.topic, cardinality(batch.entries), 0, 0)
        ON CONFLICT (name) DO UPDATE SET seq = t.seq + excluded.seq
        RETURNING t.seq - cardinality(batch.entries) INTO head;
        UPDATE kith_realtime_loggedevent e SET seq = head + n.position, event_id = n.id
        FROM (SELECT u.entry, u.position, nextval('kith_event_id') AS id
              FROM unnest(batch.entries) WITH ORDINALITY AS u (entry, position)) n
        WHERE e.entry = n.entry;
    END LOOP;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER kith_number_events AFTER INSERT ON kith_realtime_loggedevent
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.seq IS NULL)
EXECUTE FUNCTION kith_number_events();
"""

DROP = """
DROP TRIGGER kith_number_events ON kith_realtime_loggedevent;
DROP FUNCTION kith_number_events();
DROP SEQUENCE kith_event_id;
"""


def create(apps: Any, schema_editor: Any) -> None:
    apps.get_model("kith_realtime", "LogState").objects.using(schema_editor.connection.alias).create(
        id=1, epoch=secrets.token_hex(4)
    )
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


def drop(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [("kith_realtime", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
