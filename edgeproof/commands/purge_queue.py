"""The queue's own commands: work, status, log, replay, providers."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from edgeproof import completion
from edgeproof.commands import purge_show
from edgeproof.console import ExitCode, out, out_json, remark

WORK_EPILOG = "Example: EDGEPROOF_PURGE_WORKER=off edgeproof serve & edgeproof purge work"
STATUS_EPILOG = "Examples: `edgeproof purge status` · `edgeproof purge status p019a... --watch`"
LOG_EPILOG = "Examples: `edgeproof purge log` · `edgeproof purge log --order p019a... --json`"
REPLAY_EPILOG = "Examples: `edgeproof purge replay --dry-run` · `edgeproof purge replay p019a...`"
PROVIDERS_EPILOG = "Example: edgeproof purge providers --json"
#: How often an order is looked at, in seconds.
WATCH_EVERY_S = 0.5

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
ProviderName = Annotated[
    str,
    typer.Option("--provider", help="Only this one's.", autocompletion=completion.providers),
]
By = Annotated[str, typer.Option("--by", help="Who asks for it; default: this account's name.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="List the dead letters; change nothing.")]


def work() -> None:
    """Send what is queued, until SIGTERM or Ctrl-C; any number may run, beside `serve` too."""
    from edgeproof.purge_worker import work as run

    asyncio.run(run())


def status(
    order: Annotated[
        str | None, typer.Argument(help="An order's id; without it the newest.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Until nothing is left to send.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Ask every edge whether the old is gone.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many of the newest.")] = 20,
    json: AsJson = False,
) -> None:
    """Say where a purge stands, or list the newest ones and what each provider has before it.

    Exit codes: 0 done, 1 every target is a dead letter, 3 some are, 4 under way or not verified.
    """
    if order is None:
        asyncio.run(_overview(limit, as_json=json))
        return
    from edgeproof.purge_run import Outcome, looked_at, progress_of_orders, watched

    if verify:
        purge_show.end([asyncio.run(looked_at(order))], as_json=json)
        return
    with progress_of_orders() as (told, _):
        found = asyncio.run(watched(order, told, WATCH_EVERY_S if watch else None))
    purge_show.end([Outcome(found)], as_json=json)


async def _overview(limit: int, *, as_json: bool) -> None:
    from edgeproof.purge_run import opened
    from edgeproof.purge_words import status_document

    async with opened() as (_, purging):
        queue = purging.queue
        orders = await queue.orders(limit=limit)
        backlogs = await queue.backlogs(queue.providers, queue.clock.now_s())
    if not as_json:
        purge_show.overview(orders, backlogs)
        return
    for one in orders:
        out_json(status_document(one))


def log(
    order: Annotated[str, typer.Option("--order", help="Only what is about this order.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="So many of the newest entries.")] = 50,
    json: AsJson = False,
) -> None:
    """Print the audit: who ordered what and why, what providers said, what was seen."""
    asyncio.run(_log(order, limit, as_json=json))


async def _log(order: str, limit: int, *, as_json: bool) -> None:
    from edgeproof.purge_run import opened
    from edgeproof.purge_words import entry_document

    async with opened() as (_, purging):
        audit = purging.audit
        after = 0 if order else max(0, await audit.length() - limit)
        async for found in audit.entries(after=after, order=order):
            if as_json:
                out_json(entry_document(found))
            else:
                purge_show.entry(found)


def replay(
    order: Annotated[str, typer.Argument(help="Only of this order.")] = "",
    provider: ProviderName = "",
    dry_run: DryRun = False,
    by: By = "",
    json: AsJson = False,
) -> None:
    """Queue dead letters again, once their cause is mended."""
    if dry_run:
        asyncio.run(_letters(order, provider, as_json=json))
        return
    revived = asyncio.run(_replay(order, provider, by))
    if json:
        out_json({"replayed": revived})
        return
    for name, count in revived.items():
        out(f"{name}  {count} queued again")
    if not revived:
        remark("there are no such dead letters")


async def _letters(order: str, provider: str, *, as_json: bool) -> None:
    from edgeproof.purge_run import opened
    from edgeproof.purge_words import letter_document

    async with opened() as (_, purging):
        found = await purging.queue.dead_letters(provider=provider)
    found = [letter for letter in found if order in ("", letter.order)]
    if as_json:
        for letter in found:
            out_json(letter_document(letter))
    elif found:
        purge_show.letters(found)
    else:
        remark("there are no such dead letters")


async def _replay(order: str, provider: str, by: str) -> dict[str, int]:
    from edgeproof.erase_run import this_account
    from edgeproof.purge_run import opened

    async with opened() as (_, purging):
        if order:
            await purging.queue.status(order)  # a mistyped id is an error, not an empty answer
        who = by or this_account()
        return dict(await purging.desk.replay(by=who, order=order, provider=provider))


def providers(json: AsJson = False) -> None:
    """List the configured providers, innermost first, and whether their secrets are there."""
    from edgeproof.purge_run import listed
    from edgeproof.purge_words import provider_document

    found = listed()
    if json:
        for one in found:
            out_json(provider_document(one))
    elif found:
        head = ("provider", "kind", "depth", "scope", "account", "per call", "calls", "secret")
        purge_show.table("", head, [purge_show.provider(one) for one in found])
    else:
        remark("no provider is configured: docs/purging-providers.md")
    if any(one.secret.endswith("missing") for one in found):
        raise typer.Exit(ExitCode.FAILED)
