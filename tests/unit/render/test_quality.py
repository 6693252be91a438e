"""One scale of quality for all formats."""

from __future__ import annotations

import pytest

from origin.render.quality import encoder_quality


@pytest.mark.parametrize(
    ("q", "avif", "webp", "jpg"),
    [(None, 65, 85, 80), (80, 65, 85, 80), (60, 50, 70, 60), (30, 27, 47, 30), (95, 76, 96, 95)],
)
def test_one_q_looks_alike_in_every_format(q: int | None, avif: int, webp: int, jpg: int) -> None:
    assert [encoder_quality(ext, q) for ext in ("avif", "webp", "jpg")] == [avif, webp, jpg]


@pytest.mark.parametrize("ext", ["avif", "webp", "jpg"])
def test_every_step_of_q_is_another_picture(ext: str) -> None:
    numbers = [encoder_quality(ext, q) for q in range(30, 100, 5)]
    assert numbers == sorted(set(numbers))
