"""Uploads"""

import httpx

from tests.uploads.samples import PNG


def upload(api: httpx.Client, content: bytes = PNG) -> str:
    return str(api.post("/api/uploads/", files={"file": content}).raise_for_status().json()["attachment"])
