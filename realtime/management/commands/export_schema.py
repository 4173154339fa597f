from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from realtime import asyncapi, schema


class Command(BaseCommand):
    help = "Write what the wire carries: kith.schema.json (JSON Schema) and asyncapi.json (AsyncAPI 3)."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, default=Path("client/schema"), metavar="DIR")

    def handle(self, *args: Any, out: Path, **options: Any) -> None:
        out.mkdir(parents=True, exist_ok=True)
        documents = {"kith.schema.json": schema.json_schema(), "asyncapi.json": asyncapi.document()}
        for name, document in documents.items():
            text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
            (out / name).write_text(f"{text}\n", encoding="utf-8")
            self.stdout.write(str(out / name))
