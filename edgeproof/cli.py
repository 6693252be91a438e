"""The command line: one program, one file per command."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from edgeproof.commands import (
    assets,
    audit,
    check,
    config,
    demo,
    dev,
    doctor,
    edge,
    erase,
    hold,
    keys,
    preflight,
    presets,
    print_files,
    products,
    profiles,
    purge,
    scrub,
    server,
    sweep,
    tenants,
    tokens,
    url,
)
from edgeproof.console import CommandFailed, ExitCode, out, remark

#: Codes of things that could be there: no mistake in the command.
NOT_THERE = ("purge.unknown", "purge.order", "purge.early")

app = typer.Typer(
    name="edgeproof",
    help="Previews at the CDN edge and print files from the untouched upload.",
    epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 partly done, 4 not verified.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.add_typer(tenants.app, name="tenants")
app.add_typer(assets.app, name="assets")
app.add_typer(tokens.app, name="tokens")
app.add_typer(keys.app, name="keys")
app.add_typer(presets.app, name="presets")
app.add_typer(products.app, name="products")
app.add_typer(profiles.app, name="profiles")
app.add_typer(url.app, name="url")
app.add_typer(edge.app, name="edge")
app.add_typer(dev.app, name="dev")
app.add_typer(config.app, name="config")
app.add_typer(erase.app, name="erase")
app.add_typer(hold.app, name="hold")
app.add_typer(purge.app, name="purge")
app.add_typer(print_files.app, name="print")
app.add_typer(audit.app, name="audit")
app.command("sweep", epilog=sweep.EPILOG)(sweep.sweep)
app.command("check", epilog=check.EPILOG)(check.check)
app.command("preflight", epilog=preflight.EPILOG)(preflight.preflight)
app.command("scrub", epilog=scrub.EPILOG)(scrub.scrub)
app.command("serve")(server.serve)
app.command("demo", epilog=demo.EPILOG)(demo.demo)
app.command("health")(doctor.health)
app.command("doctor")(doctor.doctor)


def _print_version(is_asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if is_asked:
        from importlib.metadata import version

        out(version("edgeproof"))
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """Previews at the CDN edge and print files from the untouched upload."""
    del version


def main() -> None:
    """Run the program; expected failures are one sentence and an exit code."""
    from cache_keys.errors import Refusal
    from origin.errors import OriginError
    from purge.errors import BadPurge, PurgeError

    try:
        app()
    except CommandFailed as failure:
        remark(f"edgeproof: {failure}")
        sys.exit(failure.exit_code)
    except OriginError as error:
        remark(f"edgeproof: {error.code}: {error.public} {error.log}".rstrip())
        sys.exit(ExitCode.FAILED)
    except PurgeError as error:
        remark(f"edgeproof: {error.code}: {error.public} {error.log}".rstrip())
        is_usage = isinstance(error, BadPurge) and error.code not in NOT_THERE
        sys.exit(ExitCode.USAGE if is_usage else ExitCode.FAILED)
    except Refusal as refusal:
        remark(f"edgeproof: {refusal.code}: {refusal.public}")
        sys.exit(ExitCode.FAILED)
