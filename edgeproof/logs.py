"""How this program logs: one JSON object per line on stderr, libraries included."""

from __future__ import annotations

import logging
import sys
from typing import TextIO, cast

import structlog


class LogStream:
    """Standard error as a log that never fails: what cannot be written is lost, and no answer is.

    A disk that is full or a reader that is gone would else be an error of the request that logs.
    lost: how many writes were given up.
    """

    def __init__(self) -> None:
        """Start."""
        self.lost = 0

    def write(self, text: str) -> int:
        """Write if that can be done; return how many characters were given."""
        try:
            sys.stderr.write(text)
        except OSError:
            self.lost += 1
        return len(text)

    def flush(self) -> None:
        """Flush if that can be done."""
        try:
            sys.stderr.flush()
        except OSError:
            self.lost += 1


STREAM = LogStream()


def configure(level: str) -> None:
    """Send every log line, ours and the libraries', through one JSON renderer."""
    shared: list[structlog.types.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    number = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, separators=(",", ":")),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", STREAM)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(STREAM)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.INFO))
    for name in ("uvicorn.access", "uvicorn.error", "alembic", "httpx"):
        logging.getLogger(name).setLevel(logging.WARNING)
