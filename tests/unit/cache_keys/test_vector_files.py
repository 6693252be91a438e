"""The vector files themselves: rows enough, each with a sentence, described in their README."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from tests.unit.cache_keys.vector_files import load, rows

FOLDER = files("cache_keys") / "vectors"
OURS = [
    *("accept", "canonical", "ids", "lanes", "pairs", "proof", "refused", "request", "rings"),
    *("resizes", "signature", "signer", "tags", "tenant_keys"),
]


@pytest.mark.parametrize("name", OURS)
def test_every_row_has_a_sentence_of_its_own(name: str) -> None:
    ids = [row["id"] for row in rows(name)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"\S.{2,}\S", row_id) for row_id in ids)
    assert load(name)["about"].endswith(".")


@pytest.mark.parametrize("name", OURS)
def test_the_readme_describes_every_file(name: str) -> None:
    assert f"| `{name}` |" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_there_are_rows_enough_and_sixty_accept_headers_of_real_clients() -> None:
    assert sum(len(rows(name)) for name in OURS) >= 800
    clients = [
        row["id"]
        for row in rows("accept")
        if row["id"].endswith((" gets avif", " gets webp", " gets jpg"))
    ]
    assert len(clients) >= 60


def test_every_code_of_the_leaf_and_the_signature_has_a_row() -> None:
    codes = {row["code"] for row in rows("refused")}
    codes |= {row["answer"].split()[-1] for row in rows("signature") + rows("request")}
    assert codes >= {
        *("http.method", "http.body", "http.host", "url.bytes", "url.shape", "url.unknown"),
        *("sig.repeated", "sig.form", "sig.missing", "sig.bad", "sig.far", "sig.expired"),
        *("edge.proof", "key.ext", "key.op", "key.value", "key.repeated", "key.many"),
        *("key.no_size", "key.dpr_without_size", "key.design_owns_geometry", "key.aspect"),
        *("key.not_canonical", "preset.unknown"),
    }
