"""Check a receipt: its signature, and with --online what the edges answer now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeproof import settings
from edgeproof.console import CommandFailed, ExitCode
from edgeproof.proving import open_proving
from edgeproof.receipts import Checked, check_receipt, read_receipt
from edgeproof.wiring import open_stores
from purge.judge import Probe
from purge.values import Mode
from purge.verify import Question

#: A receipt quotes at most some hundred URLs.
PROBES_MAX = 500


async def verify_receipt(path: Path, key: Path | None, *, online: bool) -> dict[str, Any]:
    """Return what a receipt says and whether it holds; raises CommandFailed."""
    text = read_receipt(path)
    known = None if key is None else _read_key(key)
    if known is not None and not online:
        return _result(check_receipt(text, known))
    loaded = settings.load()
    if key is None and not loaded.data_dir.is_dir():
        return _result(check_receipt(text, None))
    async with (
        open_stores(loaded, is_new_allowed=False) as stores,
        open_proving(loaded, stores) as proving,
    ):
        checked = check_receipt(text, known or proving.signer.public_pem())
        result = _result(checked)
        if online:
            paths = _paths(checked)[:PROBES_MAX]
            question = Question([Probe(one, is_erased=True) for one in paths], Mode.HARD, 0.0)
            report = await proving.verifier(lambda _: None).verify(question)
            result["online"] = report.as_json()
            result["words"].append(report.words)
        return result


def _read_key(key: Path) -> bytes:
    try:
        return key.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{key} cannot be read: {error}", ExitCode.USAGE) from error


def _paths(checked: Checked) -> list[str]:
    receipt = checked.receipt
    quoted = [one["path"] for edge in receipt["edges"] for one in edge["evidence"]]
    tenant = receipt["tenant"]
    known = [f"/v1/{tenant}/{photo['asset']}/info.json" for photo in receipt["photos"]["erased"]]
    return list(dict.fromkeys([*quoted, *known]))


def _result(checked: Checked) -> dict[str, Any]:
    receipt = checked.receipt
    counts = ", ".join(f"{count} {name}" for name, count in receipt["photo_counts"].items())
    whose = "the key that you trust" if checked.is_known else "its own key: ask the shop for theirs"
    words = [
        f"the signature holds: {checked.key_id}, {whose}",
        f"{receipt['kind']} {receipt['subject']} of {receipt['tenant']}: {counts}",
        f"issued {receipt['issued_at']}: {receipt['status']}",
    ]
    for open_end in receipt["unproven"]:
        until = f" until {open_end['until']}" if open_end["until"] else ""
        words.append(f"cannot be proven{until}: {open_end['what']}")
    return {"holds": True, "key_id": checked.key_id, "is_known": checked.is_known, "words": words}
