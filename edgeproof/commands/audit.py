"""``edgeproof audit``: whether the record of purges and erases is whole."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from edgeproof.console import CommandFailed, ExitCode, out, out_json, remark

app = typer.Typer(help="The record of purges and erases.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """The record of purges and erases."""


@app.command("verify", epilog="Example: edgeproof audit verify --head copy-of-head.json")
def verify(
    head: Annotated[
        Path | None,
        typer.Option(help="A signed head from elsewhere; default: DATA_DIR/audit/head.json."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Walk the chain, and compare it with the last signed head: edits, gaps, a cut tail are found.

    Keep copies of the head elsewhere (the log has it as audit_head_signed): who can write the
    records and this host's key can write both anew. Exit codes: 0 it holds, 1 it does not.
    """
    from purge.errors import AuditBroken

    if head is not None and not head.is_file():
        raise CommandFailed(f"there is no file {head}", ExitCode.USAGE)
    try:
        result = asyncio.run(_verify(head))
    except AuditBroken as broken:
        if json:
            out_json({"holds": False, "why": broken.public})
        raise CommandFailed(f"{broken.code}: {broken.public}") from broken
    if json:
        out_json(result)
        return
    out(f"the audit holds: {result['entries']} entries")
    if result["signed_to"] is None:
        remark("no head was signed yet: a cut tail could not be seen")
    else:
        out(f"signed up to entry {result['signed_to']} by key {result['key']}")


async def _verify(path: Path | None) -> dict[str, object]:
    from edgeproof.audit_files import HeadFile, verified
    from edgeproof.purge_run import opened

    async with opened() as (_, purging):
        file = purging.head_file if path is None else HeadFile(path)
        return await verified(purging.audit, purging.signer, file)
