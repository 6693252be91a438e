"""The engine string names everything that can change a pixel."""

from __future__ import annotations

import platform
import re

import pytest

from origin.decode.libvips import pyvips
from origin.render import engine


def test_the_engine_has_the_form_of_a_key() -> None:
    found = engine.describe_engine()
    assert re.fullmatch(r"[a-z0-9.-]{1,40}", found)
    libvips = ".".join(str(pyvips.version(part)) for part in range(3))
    assert found.startswith(f"v{libvips}-p{engine.PIPELINE_REVISION}-")


def test_the_threads_that_it_names_are_those_that_encode() -> None:
    assert pyvips.concurrency_get() == engine.AVIF_THREADS  # type: ignore[attr-defined]  # not in the stubs


def test_another_version_of_a_codec_is_another_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    before = engine.describe_engine()
    monkeypatch.setattr(engine, "version", lambda name: f"{name} 0.0.1")
    assert engine.describe_engine() != before
    assert engine.describe_engine()[:-8] == before[:-8]


@pytest.mark.parametrize(("machine", "word"), [("AMD64", "x64"), ("aarch64", "arm64")])
def test_machines_of_one_kind_have_one_name(
    monkeypatch: pytest.MonkeyPatch, machine: str, word: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert f"-{word}-" in engine.describe_engine()
