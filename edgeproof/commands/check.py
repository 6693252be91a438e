"""``edgeproof check``: the verdict on photos, without storing them."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from edgeproof.console import CommandFailed, ExitCode, out, out_json, remark, remarks

if TYPE_CHECKING:
    from edgeproof.settings import Settings
    from origin.adapters.pool import WorkerPool
    from origin.ingest.inspection import Inspection

AHEAD = 4
"""Files under way per worker: enough to keep each one busy while the oldest is waited for."""

UNREADABLE = "file.unreadable"
DEATHS = {"render.deadline": "photo.timeout", "render.crashed": "photo.crashed"}
"""What the death of a worker says about the file that it had."""

EPILOG = """
Examples:

  edgeproof check wedding/            one line per photo, a summary at the end

  edgeproof check *.heic --json       one JSON object per line

  edgeproof check shop/ --json | jq -r 'select(.ok|not) | [.code, .file] | @tsv'

Exit codes: 0 every file would be accepted, 2 a path is not there, 3 some file would be refused.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One file's line. ``code`` is None when it is accepted.

    cpu_s: CPU seconds of its worker; rss_mb: its peak above the level it began with. Both are None
    when there was no worker to ask afterwards.
    """

    file: str
    code: str | None = None
    reason: str | None = None
    inspection: Inspection | None = None
    cpu_s: float | None = None
    rss_mb: float | None = None

    def as_json(self) -> dict[str, object]:
        """Return the line's fields in their order."""
        photo = self.inspection.photo if self.inspection else None
        return {
            "file": self.file,
            "ok": self.code is None,
            "code": self.code,
            "reason": self.reason,
            "format": photo and photo.format,
            "width": photo and photo.width_px,
            "height": photo and photo.height_px,
            "orientation": photo and photo.orientation,
            "pages": photo and photo.pages,
            "bits": photo and photo.bits,
            "space": photo and photo.space,
            "profile": photo and photo.profile_name,
            "profile_status": photo and photo.profile_status.value,
            "warnings": list(self.inspection.warnings) if self.inspection else [],
            "cpu_s": self.cpu_s and round(self.cpu_s, 3),
            "rss_mb": self.rss_mb and round(self.rss_mb, 1),
        }

    def as_text(self) -> str:
        """Return the line for a person."""
        if not self.inspection:
            return f"refused  {self.code:<20} {self.file}: {self.reason}"
        photo = self.inspection.photo
        shape = f"{photo.width_px}x{photo.height_px} {photo.format}"
        colour = photo.profile_name or photo.space
        return f"ok       {shape:<20} {self.file}  {colour}  {' '.join(self.inspection.warnings)}"


def check(
    paths: Annotated[list[Path], typer.Argument(help="Photos, or folders of them.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Say whether photos would be accepted, and why not; nothing is stored."""
    from edgeproof.settings import load

    files = list(_files(paths))
    refused = asyncio.run(_report(files, load(), as_json=as_json))
    if refused:
        raise typer.Exit(ExitCode.PARTLY)


async def verdicts(files: list[Path], settings: Settings) -> AsyncGenerator[Verdict]:
    """Judge files in worker processes and yield each verdict in the order of the files.

    A file that crashes its worker or overruns the deadline costs its own line only.
    """
    from origin.adapters.pool import WorkerPool
    from origin.adapters.sandbox import WorkerLimits
    from origin.flow.jobs import load
    from origin.ingest.job import warm_intake

    pool = WorkerPool(
        min(settings.workers, max(1, len(files))),
        limits=WorkerLimits(memory_mb=settings.worker_memory_mb, sandbox=settings.sandbox),
        load=load,
        warm=warm_intake,
    )
    await pool.start()
    pending: deque[asyncio.Task[Verdict]] = deque()
    try:
        for path in files:
            pending.append(asyncio.create_task(_verdict(pool, path, settings)))
            if len(pending) >= AHEAD * pool.workers:
                yield await pending.popleft()
        while pending:
            yield await pending.popleft()
    finally:
        for task in pending:
            task.cancel()
        await pool.close(timeout_s=0)


async def _verdict(pool: WorkerPool, path: Path, settings: Settings) -> Verdict:
    from origin.adapters.measured import Measured, measured
    from origin.errors import KINDS, RenderFailed
    from origin.ingest.inspection import Inspection
    from origin.ingest.job import inspect_and_release

    file = os.fsencode(path).decode("utf-8", "backslashreplace")
    if not _is_readable(path):
        return Verdict(file, UNREADABLE, "The file cannot be read.")
    try:
        done: Measured = await pool.run(
            measured,
            inspect_and_release,
            path,
            settings.caps,
            deadline_s=settings.intake_deadline_s,
        )
    except RenderFailed as failure:
        code = DEATHS.get(failure.code, failure.code)
        return Verdict(file, code, KINDS[code].public)
    if done.error is not None:
        refusal = done.error
        return Verdict(file, refusal.code, refusal.public, None, done.cpu_s, done.rss_mb)
    assert isinstance(done.value, Inspection)
    return Verdict(file, None, None, done.value, done.cpu_s, done.rss_mb)


def _is_readable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.R_OK)


async def _report(files: list[Path], settings: Settings, *, as_json: bool) -> int:
    """Write a line per file and the summary; return how many would be refused."""
    codes: Counter[str | None] = Counter()
    begin_s = time.monotonic()
    bar = Progress(
        TextColumn("{task.completed}/{task.total}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=remarks,
        transient=True,
        disable=not remarks.is_terminal,
    )
    with bar:
        task = bar.add_task("check", total=len(files))
        async with aclosing(verdicts(files, settings)) as lines:
            async for verdict in lines:
                codes[verdict.code] += 1
                _write(verdict, as_json=as_json)
                bar.advance(task)
    refused = codes.total() - codes[None]
    reasons = ", ".join(f"{count} {code}" for code, count in codes.most_common() if code)
    remark(
        f"{codes.total()} files in {time.monotonic() - begin_s:.1f} s: {codes[None]} accepted, "
        f"{refused} refused" + (f" ({reasons})" if reasons else "")
    )
    return refused


def _write(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        out_json(verdict.as_json())
    else:
        out("".join(sign if sign.isprintable() else "�" for sign in verdict.as_text()))


def _files(paths: list[Path]) -> Iterator[Path]:
    """Yield files as named, and those below folders in order, hidden ones left out."""
    for path in paths:
        if path.is_dir():
            for folder, names, files in os.walk(path):
                names[:] = sorted(name for name in names if not name.startswith("."))
                found = (Path(folder, name) for name in sorted(files) if not name.startswith("."))
                yield from (file for file in found if file.is_file())
        elif path.exists():
            yield path
        else:
            raise CommandFailed(f"there is no {path}", ExitCode.USAGE)
