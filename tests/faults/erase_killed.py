"""Runs an edgeproof command and kills itself (-9) before or after one step of an erase."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from edgeproof.cli import main
from edgeproof.proving import Proving
from origin.adapters.records import SqlRecords
from origin.adapters.wipe import RecordsWipe
from origin.flow.erase import Erase

STEPS: dict[str, tuple[type, str]] = {
    "begin": (SqlRecords, "begin_erasure"),
    "tombstone": (SqlRecords, "erase_page"),
    "delete": (Erase, "_delete"),
    "note": (SqlRecords, "note_removed"),
    "wipe": (RecordsWipe, "wipe"),
    "purge": (Proving, "until_settled"),
    "finish": (SqlRecords, "finish_erasure"),
}


def die_around(step: str, moment: str) -> None:
    """Replace one step by one that kills this process before or after it."""
    owner, name = STEPS[step]
    real = getattr(owner, name)

    async def dying(*args: Any, **named: Any) -> Any:
        if moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        await real(*args, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, dying)


if __name__ == "__main__":
    die_around(*sys.argv[1].split("."))
    sys.argv[1:] = sys.argv[2:]
    main()
