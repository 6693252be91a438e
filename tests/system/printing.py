"""Orders prints over the real API and waits for them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx2

from tests.system.server import TENANT, Server

#: A print on a busy machine.
WAIT_S = 120.0
ENDED = ("done", "refused", "paused")
Json = dict[str, Any]


def order(running: Server, key: str | None = None, **body: object) -> httpx2.Response:
    """Post an order."""
    headers = {"authorization": f"Bearer {running.token}"}
    if key is not None:
        headers["idempotency-key"] = key
    url = f"{running.private_url}/api/v1/tenants/{TENANT}/prints"
    return running.http.post(url, json=body, headers=headers)


def look(running: Server, print_id: str) -> httpx2.Response:
    """Ask for a print."""
    return _ask(running, "GET", f"/{print_id}")


def resume(running: Server, print_id: str) -> httpx2.Response:
    """Resume a print."""
    return _ask(running, "POST", f"/{print_id}/resume")


def ended(running: Server, print_id: str) -> Json:
    """Wait until a print is done, refused or paused, and return what the API says of it."""
    document: Json = {}
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        try:
            document = look(running, print_id).json()
        except httpx2.TransportError:
            document = {}  # it is being started
        if document.get("state") in ENDED:
            return document
        time.sleep(0.05)
    raise AssertionError(f"the print does not end: {document}")


def printed(running: Server, **body: object) -> tuple[Json, bytes]:
    """Order a print, wait for it, and return its document and its file."""
    answer = order(running, None, **body)
    assert answer.status_code in (200, 201), answer.text
    document = ended(running, answer.json()["print"])
    assert document["state"] == "done", document
    file = running.http.get(document["file"]["url"])
    assert file.status_code == 200, file.text
    return document, file.content


def plain(photo: Mapping[str, object]) -> Json:
    """Return the design document of one photo."""
    return {"photos": [dict(photo)]}


def _ask(running: Server, method: str, rest: str) -> httpx2.Response:
    url = f"{running.private_url}/api/v1/tenants/{TENANT}/prints{rest}"
    return running.http.request(method, url, headers={"authorization": f"Bearer {running.token}"})
