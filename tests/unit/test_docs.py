"""The documentation is complete: settings, errors, links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgeproof.reference import PAGES
from origin.errors import KINDS

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SOURCES = [
    path
    for room in ("cache_keys", "edgeproof", "origin", "purge", "edge")
    for path in sorted((ROOT / room).rglob("*.py"))
]


@pytest.mark.parametrize("name", PAGES)
def test_reference_pages_are_current(name: str) -> None:
    assert (ROOT / "docs" / name).read_text("utf-8") == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_code_that_is_raised_is_a_documented_one() -> None:
    raised = set()
    for path in SOURCES:
        text = path.read_text("utf-8")
        raised |= set(
            re.findall(
                r"\b(?:OriginError|PhotoRefused|NotFound|Gone|Unauthorized|BadDocument|Overloaded|"
                r"StoreUnavailable|RenderFailed)\(\s*\"([a-z_.]+)\"",
                text,
            )
        )
    assert raised <= set(KINDS)
    documented = (ROOT / "docs" / "errors.md").read_text("utf-8")
    design_codes = set()
    for path in SOURCES:
        design_codes |= set(re.findall(r"DesignError\(\s*\"([a-z_.]+)\"", path.read_text("utf-8")))
    assert {code for code in raised | design_codes if f"`{code}`" not in documented} == set()


def test_every_code_of_the_table_is_used() -> None:
    text = "\n".join(path.read_text("utf-8") for path in SOURCES if path.name != "errors.py")
    assert {code for code in KINDS if f'"{code}"' not in text} == set()
