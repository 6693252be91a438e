"""Whatever text is accepted can be drawn, and stays in its place."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cache_keys import DesignError
from cache_keys.design import read_design
from cache_keys.design_schema import FONTS
from origin.render.fonts import check_caption, missing_glyphs
from tests.unit.render.sheets import PHOTO, drawn

LETTERS = st.characters(exclude_categories=["Cs", "Co", "Cn"], max_codepoint=0xFFFF).filter(
    lambda letter: not missing_glyphs("noto-sans", letter)
)


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(LETTERS | st.sampled_from("\n \u200d<&"), min_size=1, max_size=12),
    font=st.sampled_from(FONTS),
    place=st.sampled_from(["top", "middle", "bottom"]),
)
def test_any_text_that_is_accepted_can_be_drawn(text: str, font: str, place: str) -> None:
    caption = {"text": text, "font": font, "place": place, "colour": "ffffff"}
    document = {"photos": [{"asset": "a" * 52}], "sheet_mm": [150, 100], "caption": caption}
    try:
        look = read_design(json.dumps(document).encode()).look
        check_caption(look)
    except DesignError:
        return
    touched = (drawn(look, 300, 200) != PHOTO).any(axis=2)
    assert touched.any() == (look.caption is not None)
    columns = np.nonzero(touched)[1]
    assert columns.size == 0 or (columns.min() >= 5 and columns.max() <= 294)
