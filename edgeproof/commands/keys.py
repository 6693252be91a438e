"""``edgeproof keys``: the ring that signs previews, on this host's disk."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cache_keys import RingKey, parse_ring, policy, signing_kid, tenant_key
from edgeproof.console import CommandFailed, ExitCode, out, out_json, remark

app = typer.Typer(help="Make, list and retire the keys that sign previews.", no_args_is_help=True)

Show = Annotated[bool, typer.Option("--show", help="Print the masters: they open everything.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@app.command("new", epilog="Example: edgeproof keys new --tenants acme,bees")
def new(
    kid: Annotated[
        str | None, typer.Option(help="1 to 16 of a-z and 0-9; default is the next kN.")
    ] = None,
    tenants: Annotated[str, typer.Option(help="Names with commas, or all.")] = "all",
    show: Show = False,
    json: AsJson = False,
) -> None:
    """Add a key to the ring; it signs from now on, the older ones still open."""
    from edgeproof.ring_edit import add_key, edited_ring

    with edited_ring(_path()) as ring:
        name = kid or _next_kid(ring)
        add_key(ring, name, _tenants(tenants))
    _print(name, parse_ring(_path().read_bytes())[name], show=show, as_json=json)
    remark(f"added {name} to {_path()}")


@app.command("list")
def list_(show: Show = False, json: AsJson = False) -> None:
    """List the keys of the ring, oldest first."""
    from edgeproof.keyfiles import read_ring

    for kid, key in read_ring(_path()).items():
        _print(kid, key, show=show, as_json=json)


@app.command("retire", epilog="Example: edgeproof keys retire k1 --at 2026-12-01T00:00:00Z")
def retire(
    kid: Annotated[str, typer.Argument(help="Key.")],
    at: Annotated[
        str | None, typer.Option(help="UTC like 2026-12-01T00:00:00Z; default is now.")
    ] = None,
) -> None:
    """Let a key open nothing from a time on; URLs that it signed end then."""
    from edgeproof.ring_edit import edited_ring, retire_key

    when = at or datetime.fromtimestamp(int(time.time()), UTC).strftime(_TIME)
    with edited_ring(_path(), is_new_allowed=False) as ring:
        retire_key(ring, kid, when)
    remark(f"{kid} opens nothing from {when} on")


@app.command("tenant", epilog="Example: edgeproof keys tenant acme")
def tenant_(
    tenant: Annotated[str, typer.Argument(help="Shop that will sign its own URLs.")],
    kid: Annotated[str | None, typer.Option(help="Key; default is the last active one.")] = None,
    json: AsJson = False,
) -> None:
    """Print a shop's own key, with which it signs its URLs and no one else's."""
    from edgeproof.keyfiles import read_ring

    if not re.fullmatch(policy.TENANT, tenant):
        raise CommandFailed(f"{tenant!r} is no tenant's name", ExitCode.USAGE)
    ring, now = read_ring(_path()), int(time.time())
    name = kid or signing_kid(ring, tenant, now)
    if name not in ring or not ring[name].is_active(tenant, now):
        raise CommandFailed(f"{name} does not sign for {tenant} now")
    key = tenant_key(ring[name].master, tenant, name).decode()
    if json:
        out_json({"tenant": tenant, "kid": name, "tenant_key": key})
    else:
        out(f"{name} {key}")


def _path() -> Path:
    from edgeproof import settings

    return settings.load().ring_path


def _tenants(text: str) -> str | list[str]:
    return text if text == "all" else [name.strip() for name in text.split(",")]


def _next_kid(ring: dict[str, object]) -> str:
    numbers = [int(kid[1:]) for kid in ring if re.fullmatch("k[0-9]{1,15}", kid)]
    return f"k{max(numbers, default=0) + 1}"


def _print(kid: str, key: RingKey, *, show: bool, as_json: bool) -> None:
    is_active = key.retired_at_s is None or time.time() < key.retired_at_s
    tenants = "all" if key.tenants is None else sorted(key.tenants)
    retired = key.retired_at_s
    row = {
        "kid": kid,
        "tenants": tenants,
        "retired": None
        if retired is None
        else datetime.fromtimestamp(retired, UTC).strftime(_TIME),
        "active": is_active,
    }
    if show:
        row["master"] = key.master.decode()
    if as_json:
        out_json(row)
        return
    state = "active" if is_active else "retired"
    words = [kid, state, tenants if isinstance(tenants, str) else ",".join(tenants)]
    words += [f"until {row['retired']}"] if retired is not None else []
    out("  ".join(words + ([key.master.decode()] if show else [])))
