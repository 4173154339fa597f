"""Who may say something, asked for a batch in one statement (`chat.services.rights.writable_now`).

A function, because PostgreSQL keeps its plan: to plan the statement takes longer than the rest of it.
"""

from typing import Any

from django.db import migrations

# Of each place that is somebody's, the other one of a direct chat. The chat's row is held, too, for which the
# message's foreign key would wait. Nothing waits, so the order does not matter.
CREATE = """
CREATE FUNCTION kith_chat_writable(places json)
RETURNS TABLE (place bigint, peer kith_chat_membership.user_id%TYPE) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT r.ordinality, held.peer
    FROM json_populate_recordset(NULL::kith_chat_membership, places) WITH ORDINALITY AS r
    CROSS JOIN LATERAL (
        SELECT CASE WHEN c.kind = 'direct' THEN (
            SELECT p.user_id FROM kith_chat_membership p
            WHERE p.chat_id = m.chat_id AND p.user_id <> m.user_id LIMIT 1
        ) END AS peer
        FROM kith_chat_membership m JOIN kith_chat_chat c ON c.id = m.chat_id
        WHERE m.chat_id = r.chat_id AND m.user_id = r.user_id
        LIMIT 1
        FOR SHARE OF m SKIP LOCKED FOR KEY SHARE OF c SKIP LOCKED
    ) held;
END $$;
"""

DROP = "DROP FUNCTION kith_chat_writable(json)"


def create(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE, params=None)


def drop(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [("kith_chat", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
