"""Writes the edges' copies of the URL grammar, and finds those that are older than their source."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from cache_keys import policy
from cache_keys.errors import FORBIDDEN_CODE, REFUSALS

#: Stands in the first line of every generated file.
HEADER = "Written by `edgeproof edge build` from cache_keys; never edited."
#: The folder that holds the packages; the paths of generated files start here.
ROOT = Path(__file__).parents[1]

Generator = Callable[[], Mapping[str, str]]


def policy_js() -> Mapping[str, str]:
    """Return the table of cache_keys/policy.py and the refusals as a module of constants."""
    table = {name: getattr(policy, name) for name in vars(policy) if name.isupper()}
    table["REFUSALS"] = {
        code: entry for code, entry in REFUSALS.items() if not code.startswith("sign.")
    }
    table["FORBIDDEN_CODE"] = FORBIDDEN_CODE
    lines = [f"// {HEADER}"]
    lines += [f"export const {name} = {_literal(name, value)};" for name, value in table.items()]
    return {"edge/js/policy.generated.js": "\n".join(lines) + "\n"}


def _literal(name: str, value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2 if isinstance(value, dict) else None)
    if name == "REFUSALS":
        return f"/** @type {{Record<string, [number, string]>}} */ ({_rows(value)})"
    if isinstance(value, dict):
        return f"/** @type {{Record<string, string>}} */ ({text})"
    return text


def _rows(value: object) -> str:
    assert isinstance(value, dict)
    rows = (f"  {json.dumps(code)}: {json.dumps(row)},\n" for code, row in value.items())
    return "{\n" + "".join(rows) + "}"


def _varnish() -> Mapping[str, str]:
    """Return what edge/varnish_policy.py generates; nothing where that edge is not installed."""
    if find_spec("edge.varnish_policy") is None:
        return {}
    files: Mapping[str, str] = import_module("edge.varnish_policy").generated()
    return files


GENERATORS: tuple[Generator, ...] = (policy_js, _varnish)


def generated() -> dict[str, str]:
    """Return every generated file, path below ROOT to its text."""
    return {path: text for generate in GENERATORS for path, text in generate().items()}


def stale(root: Path = ROOT) -> list[str]:
    """Return the generated files that are missing or differ from what would be written now."""
    return [path for path, text in generated().items() if _text_of(root / path) != text]


def write(root: Path = ROOT) -> list[str]:
    """Write the generated files that are stale and return their paths."""
    wanted = generated()
    written = stale(root)
    for path in written:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(wanted[path], encoding="utf-8")
    return written


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
