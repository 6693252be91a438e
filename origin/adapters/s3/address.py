"""Where an S3 store is and how long anything there may take. Imports no client."""

from __future__ import annotations

import re
from dataclasses import dataclass

ADDRESS = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[\w.-]+(?:/[\w.-]+)*)?/?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class S3Limits:
    """The bounds of one S3 client.

    connect_s, read_s: silence in one attempt. attempts: of one request, the first included.
    operation_s: one object, everything included. transfer_s: one source, everything included.
    connections: open at once. object_bytes: largest master or preview.
    """

    connect_s: float = 2.0
    read_s: float = 5.0
    attempts: int = 3
    operation_s: float = 8.0
    transfer_s: float = 60.0
    connections: int = 32
    object_bytes: int = 100_000_000


@dataclass(frozen=True, slots=True)
class S3Address:
    """A bucket and what stands before every name in it ("" or ending in ``/``)."""

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None

    def __str__(self) -> str:
        """Return it as an operator writes it."""
        at = f" at {self.endpoint}" if self.endpoint else ""
        return f"s3://{self.bucket}/{self.prefix}{at}"


def read_address(url: str, *, endpoint: str | None = None, region: str | None = None) -> S3Address:
    """Read ``s3://bucket`` or ``s3://bucket/prefix``; raises ValueError for anything else."""
    match = ADDRESS.fullmatch(url)
    if match is None:
        raise ValueError("a store is s3://bucket or s3://bucket/prefix")
    prefix = match["prefix"]
    return S3Address(match["bucket"], f"{prefix}/" if prefix else "", endpoint, region)
