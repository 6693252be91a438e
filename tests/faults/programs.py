"""Start one of the programs in writers.py, and read what it says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


@contextmanager
def started(program: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run it for as long as the context lasts, then kill -9."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.writers", program, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    """Return the next line; an assertion with its errors if it ended instead."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line and process.stderr is not None:
        raise AssertionError(process.stderr.read())
    return line.strip()


def last_words(process: subprocess.Popen[str]) -> str:
    """Kill -9 and return what it had said since; communicate() misses what said() has buffered."""
    assert process.stdout is not None
    process.kill()
    return process.stdout.read()
