"""``edgeproof url``: sign, verify, canonicalise and explain preview URLs without a server."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from cache_keys import (
    Gate,
    Refusal,
    Ring,
    RingError,
    ask,
    authorize,
    parse_ring,
    policy,
    read_target,
    rounded_exp,
    signing_kid,
)
from cache_keys import sign as sign_target
from edgeproof.console import CommandFailed, ExitCode, out

if TYPE_CHECKING:
    from edgeproof.settings import Settings

app = typer.Typer(help="Sign, verify and explain preview URLs.", no_args_is_help=True)

LINE_BYTES_MAX = 1 << 20  # far above what any rule reads; the rest of a longer line is dropped
_LINES = "; `-` or the name of a file reads lines instead"
Answer = Callable[[bytes], str]
_TIME = re.compile(rb"([0-9]{1,15})(?:\.[0-9]*)?")  # floored


@app.command(
    "canon",
    epilog="Examples: `edgeproof url canon /v1/acme/…/w_600.auto image/avif` · "
    "`printf '/v1/…/w_600.auto\\timage/avif\\n' | edgeproof url canon -`. "
    "A line is the path, a tab and the Accept header; one answer line each, "
    "`!status code` for what is refused. Exit code 0 however many are.",
)
def canon(
    target: Annotated[str, typer.Argument(help=f"Path of a preview{_LINES}.")],
    accept: Annotated[str, typer.Argument(help="Accept header.")] = "",
) -> None:
    """Print the canonical path (steps 3 and 6 to 10 of the rules)."""
    if _is_lines(target):
        _answer_lines(target, canon_line)
    else:
        out(canon_line(os.fsencode(target) + b"\t" + os.fsencode(accept)))


@app.command(
    "verify",
    epilog="Examples: `edgeproof url verify 'https://…?exp=…'` · "
    "`printf '1767225600\\t/v1/…?exp=…\\n' | edgeproof url verify -`. "
    "A line is the Unix time, a tab and the URL; one answer line each, `ok` or `!status code`. "
    "Exit code 0 however many are refused. The ring is EDGEPROOF_KEY_RING, public tenants are "
    "EDGEPROOF_PUBLIC_TENANTS, else what the records say.",
)
def verify(
    url: Annotated[str, typer.Argument(help=f"URL, or its path and query{_LINES}.")],
    now: Annotated[int | None, typer.Option(min=0, help="Unix time; default is the clock.")] = None,
) -> None:
    """Say whether a URL opens (steps 3 to 5 of the rules); its host is not judged."""
    answer = verifier()
    if _is_lines(url):
        _answer_lines(url, answer)
    else:
        out(answer(f"{_now(now)}\t".encode() + os.fsencode(url)))


@app.command(
    "sign", epilog="Example: edgeproof url sign --tenant acme --asset k3q… --ops w_640.auto"
)
def sign(
    tenant: Annotated[str, typer.Option(help="Shop.")],
    asset: Annotated[str, typer.Option(help="Asset id, 52 characters.")],
    ops: Annotated[
        str, typer.Option(help="Ops and ext, or info.json; without an ext it is .auto.")
    ] = "w_640.auto",
    scope: Annotated[
        str, typer.Option(help="`asset` opens every size and crop of the photo.")
    ] = "",
    kid: Annotated[
        str | None, typer.Option(help="Key; default is the last active one of the ring.")
    ] = None,
    life: Annotated[
        int, typer.Option(help="Seconds; the end is rounded up to the bucket.")
    ] = policy.BUCKET_S,
    bucket: Annotated[
        int, typer.Option(min=1, max=policy.LIFE_MAX_S - 1, help="Seconds.")
    ] = policy.BUCKET_S,
    host: Annotated[str | None, typer.Option(help="Base URL; default is the setting's.")] = None,
    now: Annotated[int | None, typer.Option(min=0, help="Unix time; default is the clock.")] = None,
) -> None:
    """Print a signed URL; what the grammar would refuse is refused here already."""
    from edgeproof import settings
    from edgeproof.keyfiles import read_ring

    if scope not in {"", policy.SCOPE_ASSET}:
        raise CommandFailed("--scope is asset or is left out", ExitCode.USAGE)
    values = settings.load()
    leaf = ops if "." in ops else f"{ops}.{policy.AUTO}"
    target = read_target(os.fsencode(f"{policy.ROOT}{tenant}/{asset}/{leaf}"))
    ask(target, ())
    ring, now_s = read_ring(values.ring_path), _now(now)
    signed = sign_target(
        target,
        ring,
        kid or signing_kid(ring, tenant, now_s),
        rounded_exp(now_s, life, bucket),
        now=now_s,
        scope=scope,
    )
    out(f"{(host or values.base_url).rstrip('/')}{signed}")


@app.command("explain", epilog="Example: edgeproof url explain 'https://…/w_600.auto?exp=…'")
def explain(
    url: Annotated[str, typer.Argument(help="URL, or its path and query.")],
    accept: Annotated[str, typer.Option(help="Accept header.")] = "",
    engine: Annotated[str, typer.Option(help="Engine, for the tags.")] = "any",
    now: Annotated[int | None, typer.Option(min=0, help="Unix time; default is the clock.")] = None,
) -> None:
    """Say in words what every step of the rules makes of a URL."""
    from edgeproof.explanation import Circumstances, explain_url

    lines = explain_url(
        target_of(os.fsencode(url)),
        Circumstances((os.fsencode(accept),) if accept else (), engine, _gate(), _now(now)),
    )
    for line in lines:
        out(line)


def canon_line(line: bytes) -> str:
    """Answer ``path<TAB>accept``: the canonical path, or ``!status code``."""
    target, _, accept = line.partition(b"\t")
    try:
        return ask(read_target(target), (accept,)).canonical_path
    except Refusal as refused:
        return f"!{refused.status} {refused.code}"


def verifier() -> Answer:
    """Return what answers ``now<TAB>url``: ok or ``!status code``; no time: !400 line.form."""
    gate = _gate()

    def answer(line: bytes) -> str:
        now, tab, url = line.partition(b"\t")
        match = _TIME.fullmatch(now)
        if not tab or match is None:
            return "!400 line.form"
        try:
            authorize(read_target(target_of(url)), gate, int(match[1]))
        except Refusal as refused:
            return f"!{refused.status} {refused.code}"
        return "ok"

    return answer


def target_of(url: bytes) -> bytes:
    """Return path and query of an absolute http URL, as a client sends them, or the text itself."""
    scheme, mark, rest = url.partition(b"://")
    if not mark or scheme.lower() not in {b"http", b"https"}:
        return url
    rest = rest.partition(b"#")[0]
    start = min(place for place in (rest.find(b"/"), rest.find(b"?"), len(rest)) if place >= 0)
    return rest[start:]


def _gate() -> Gate:
    from edgeproof import settings

    values = settings.load()
    return Gate(_ring(values), _public_tenants(values))


def _ring(values: Settings) -> Ring:
    """Read the ring that is named; without a name and a file there are no keys.

    Only its form is judged: who may read the file is judged where keys are made and served.
    """
    path = values.ring_path
    if values.key_ring is None and not path.exists():
        return {}
    try:
        return parse_ring(path.read_bytes())
    except OSError as error:
        raise CommandFailed(f"the key ring {path} cannot be read: {error.strerror}") from error
    except RingError as error:
        raise CommandFailed(f"{path}: {error}") from error


def _public_tenants(values: Settings) -> frozenset[str]:
    if values.public_tenants is not None:
        return frozenset(values.public_tenants)
    if values.database_url is None and not (values.data_dir / "records.sqlite3").exists():
        return frozenset()
    return frozenset(asyncio.run(_public_in_records(values)))


async def _public_in_records(values: Settings) -> list[str]:
    from edgeproof.wiring import open_stores

    async with open_stores(values) as stores:
        return [tenant.name for tenant in await stores.records.tenants() if tenant.is_public]


def _now(now: int | None) -> int:
    return int(time.time()) if now is None else now


def _is_lines(argument: str) -> bool:
    """Say whether an argument names lines to read: ``-``, or something on disk but no folder."""
    if argument == "-":
        return True
    try:
        path = Path(argument)
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):  # longer than a name may be, or with a NUL
        return False


def _answer_lines(source: str, answer: Answer) -> None:
    """Write one line for each line of a file or stdin; at once where someone may be waiting."""
    with _opened(source) as stream:
        is_waited_for = not stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
        for line in _lines(stream):
            sys.stdout.buffer.write(answer(line).encode() + b"\n")
            if is_waited_for:
                sys.stdout.buffer.flush()
        sys.stdout.buffer.flush()


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    if source == "-":
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(Path(source).open("rb"))
        except OSError as error:
            raise CommandFailed(f"{source} cannot be read: {error.strerror}") from error
        yield stream


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield lines without their line feed, which alone ends one; cut what is endless."""
    while line := stream.readline(LINE_BYTES_MAX):
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(LINE_BYTES_MAX)):
            pass
        yield line.removesuffix(b"\n")
