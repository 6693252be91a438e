"""How commands speak: results to stdout, remarks to stderr, exit codes with a meaning."""

from __future__ import annotations

import json
import sys
from enum import IntEnum

from rich.console import Console

remarks = Console(stderr=True, highlight=False)


class ExitCode(IntEnum):
    """What a shell script may rely on."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    PARTLY = 3
    UNVERIFIED = 4


class CommandFailed(Exception):
    """A command that ends with a sentence and an exit code instead of a traceback."""

    def __init__(self, sentence: str, exit_code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def out(text: str) -> None:
    """Write one result line to stdout."""
    sys.stdout.write(text + "\n")


def out_json(value: object) -> None:
    """Write one result as one line of JSON."""
    out(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def remark(text: str) -> None:
    """Write one line for a human to stderr."""
    remarks.print(text, markup=False, soft_wrap=True)
