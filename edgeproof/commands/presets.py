"""``edgeproof presets``: check a tenant's presets file against its lock, list it, explain one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.console import CommandFailed, ExitCode, out, out_json, remark

if TYPE_CHECKING:
    from cache_keys.preset_file import Presets
    from cache_keys.preset_lock import Lock
    from cache_keys.presets import Preset

EPILOG = """
Examples:

  edgeproof presets lint shop/acme.toml            check it, and lock the versions that are new

  edgeproof presets lint shop/*.toml --check       the same without writing (for CI)

  edgeproof presets show shop/acme.toml card~3

Exit codes: 0 all is well, 1 something was refused, 2 a file cannot be read.
"""

app = typer.Typer(
    help="Presets: named, versioned lists of ops, one file per tenant.", epilog=EPILOG
)
File = Annotated[Path, typer.Argument(help="A presets file, .toml or .json.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


@app.command(epilog=EPILOG)
def lint(
    files: Annotated[list[Path], typer.Argument(help="Presets files, .toml or .json.")],
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a lock lacks a version.")
    ] = False,
) -> None:
    """Refuse a version that was edited without a new number; lock the versions that are new."""
    bad = [path for path in files if not _lint_one(path, is_check=check)]
    if bad:
        raise CommandFailed(f"{len(bad)} of {len(files)} presets files need work.")


@app.command("list")
def list_presets(file: File, *, as_json: Json = False) -> None:
    """Print the presets of a file, one a line."""
    for preset in _presets(file).values():
        row = _row(preset)
        if as_json:
            out_json(row)
        else:
            mark = "  watermark" if preset.watermark else ""
            eager = f"  eager: {', '.join(preset.eager)}" if preset.eager else ""
            out(f"{row['preset']:<24} {row['ops']}{mark}{eager}")


@app.command()
def show(file: File, name: Annotated[str, typer.Argument(help="name~version")]) -> None:
    """Print all of one preset as JSON, with its digest and whether the lock has it."""
    from cache_keys.preset_lock import preset_digest

    for preset in _presets(file).values():
        if f"{preset.name}~{preset.version}" == name:
            digest = preset_digest(preset)
            is_locked = _lock(_lock_path(file)).get(name) == digest
            out_json({**_row(preset), "digest": digest, "locked": is_locked})
            return
    raise CommandFailed(f"There is no preset {name} in {file}.")


def _lint_one(path: Path, *, is_check: bool) -> bool:
    from cache_keys.preset_lock import lint as compare
    from cache_keys.preset_lock import lock_text

    lock_path = _lock_path(path)
    presets, lock = _presets(path), _lock(lock_path)
    verdict = compare(lock, presets)
    problems = [problem.sentence for problem in verdict.problems] + _undrawable(presets)
    if is_check and verdict.added:
        problems.append(f"not in {lock_path.name} yet: {', '.join(verdict.added)}")
    for sentence in problems:
        out(f"{path}: {sentence}")
    if problems:
        return False
    if verdict.added:
        _write(lock_path, lock_text(verdict.lock))
        remark(f"{lock_path}: locked {', '.join(verdict.added)}")
    out(f"{path}: {len(presets)} presets, all as locked")
    return True


def _undrawable(presets: Presets) -> list[str]:
    """Return a sentence for each watermark with characters that its font does not have."""
    from origin.render.fonts import missing_glyphs

    return [
        f"{preset.name}~{preset.version}: the font has no letters for {missing}"
        for preset in presets.values()
        if preset.watermark
        and (missing := missing_glyphs(preset.watermark.font, preset.watermark.text))
    ]


def _row(preset: Preset) -> dict[str, object]:
    from dataclasses import asdict

    from cache_keys.preset_lock import ops_text

    return {
        "preset": f"{preset.name}~{preset.version}",
        "ops": ops_text(preset),
        "watermark": asdict(preset.watermark) if preset.watermark else None,
        "eager": list(preset.eager),
    }


def _presets(path: Path) -> Presets:
    from cache_keys.errors import DesignError
    from cache_keys.preset_file import parse_presets

    if path.suffix not in (".json", ".toml"):
        raise CommandFailed(f"{path}: a presets file ends in .toml or .json.", ExitCode.USAGE)
    try:
        return parse_presets(_read(path), path.suffix)
    except DesignError as error:
        raise CommandFailed(
            f"{path}: {error.field or '/'}: {error.public} ({error.code})"
        ) from error


def _lock(path: Path) -> Lock:
    from cache_keys.errors import DesignError
    from cache_keys.preset_lock import parse_lock

    if not path.exists():
        return {}
    try:
        return parse_lock(_read(path))
    except DesignError as error:
        raise CommandFailed(
            f"{path}: {error.field or '/'}: {error.public} ({error.code})"
        ) from error


def _lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}.", ExitCode.USAGE) from error


def _write(path: Path, text: str) -> None:
    """Replace a file whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
