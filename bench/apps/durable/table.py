"""Makes the table, in a database of its own: ``python -m bench.apps.durable.table``."""

from __future__ import annotations

import django


def main() -> None:
    """Django must be set up."""
    from django.db import connection

    from bench.apps.durable.models import Message

    with connection.schema_editor() as editor:
        editor.create_model(Message)


if __name__ == "__main__":
    django.setup()
    main()
