"""What the erase's system tests share: a photo full of traces, and a search for them by content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from purge.signing import Signer
from tests.images.photos import photo_jpeg
from tests.system.server import TENANT, Server

ARTIST = "Quendolyne Artistson"
CAPTION = "Zuckerwatte 7731 Mondschein"
#: Of each file, so many pieces of so many bytes are looked for.
PIECES, PIECE_BYTES = 8, 32


def traced_photo(seed: int) -> bytes:
    """Return a JPEG that names its photographer."""
    exif = Image.Exif()
    exif[0x013B] = ARTIST
    block = exif.tobytes()
    segment = b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block
    plain = photo_jpeg(800, 600, seed)
    return plain[:2] + segment + plain[2:]


def pieces_of(content: bytes) -> list[bytes]:
    """Return pieces from all over a file, past its head, which files have in common."""
    step = (len(content) - 2_000) // PIECES
    return [content[2_000 + n * step :][:PIECE_BYTES] for n in range(PIECES)]


def found_in(folder: Path, needles: Mapping[str, list[bytes]]) -> dict[str, set[str]]:
    """Return which needles are in which files of a folder, by their content."""
    found: dict[str, set[str]] = {}
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue  # a scratch file of the server
        for name, pieces in needles.items():
            if any(piece in content for piece in pieces):
                found.setdefault(name, set()).add(str(path.relative_to(folder)))
    return found


def with_caption(asset: str, text: str = CAPTION) -> dict[str, object]:
    """Return a design of a photo with words on it."""
    return {
        "photos": [{"asset": asset}],
        "sheet_mm": [120, 90],
        "caption": {"text": text, "size_mm": 5},
    }


def post_design(running: Server, asset: str, owner: str, text: str = CAPTION) -> str:
    """Post a design as an owner and return its id."""
    answer = running.http.post(
        f"{running.private_url}/api/v1/tenants/{TENANT}/designs",
        params={"owner": owner},
        content=json.dumps(with_caption(asset, text)).encode(),
        headers={"authorization": f"Bearer {running.token}"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["design"])


def receipt_of(text: str) -> Any:
    """Return the receipt from what --json printed."""
    return json.loads(text)["receipt"]


def public_key(running: Server) -> bytes:
    """Return the public half of the server's audit key."""
    return Signer.from_pem((running.data_dir / "keys" / "audit.pem").read_bytes()).public_pem()
