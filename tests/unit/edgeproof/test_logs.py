"""A log that cannot be written costs its lines and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOGS_AND_GOES_ON = """
import logging, sys
import structlog
from edgeproof import logs
logs.configure("info")
logger = structlog.get_logger()
for number in range(300):
    logger.info("event", number=number, filler="x" * 1_000)
logging.getLogger("library").warning("a library's line")
logs.STREAM.write("a line of a request\\n")
sys.stdout.write(str(logs.STREAM.lost))
"""


def ran(redirection: str) -> subprocess.CompletedProcess[str]:
    """Run the program above by bash, with its standard error redirected."""
    command = ["/bin/bash", "-c", f'"{sys.executable}" -c "$0" {redirection}', LOGS_AND_GOES_ON]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2> >(exit 0)"])
def test_a_log_that_cannot_be_written_stops_nothing(redirection: str) -> None:
    lost = int(ran(redirection).stdout)
    assert lost > 0, "the log could be written, so this proves nothing"


def test_a_log_that_can_be_written_loses_nothing() -> None:
    written = ran("")
    assert written.stdout == "0"
    assert written.stderr.count("\n") == 302
