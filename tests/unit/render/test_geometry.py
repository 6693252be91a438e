"""The geometry: exact crops, sizes, windows and maps."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache_keys.errors import DesignError
from origin.render import geometry as g
from origin.render.geometry import Pose, Region

SIDES = st.tuples(st.integers(1, 60_000), st.integers(1, 60_000))
BOXES = st.tuples(st.integers(1, 2560), st.integers(1, 2560))
POSES = st.builds(
    Pose,
    st.sampled_from([0, 90, 180, 270]),
    st.integers(-45_000, 45_000),
    st.sampled_from(["", "h", "v", "hv"]),
)
POINTS = st.one_of(
    st.sampled_from(["c", "n", "s", "e", "w", "ne", "nw", "se", "sw"]),
    st.tuples(st.fractions(-10, 70_000), st.fractions(-10, 70_000)),
)


@st.composite
def regions(draw: st.DrawFn) -> tuple[tuple[int, int], Region]:
    sides = draw(SIDES)
    x, y = draw(st.integers(0, 99_999)), draw(st.integers(0, 99_999))
    w, h = draw(st.integers(1, 100_000 - x)), draw(st.integers(1, 100_000 - y))
    return sides, g.crop_region(sides, (x, y, w, h))


@pytest.mark.parametrize(
    ("a", "b", "nearest"),
    [(1, 2, 1), (3, 2, 2), (Fraction(5, 3), 1, 2), (Fraction(4, 3), 1, 1), (0, 7, 0)],
)
def test_halves_are_rounded_up(a: Fraction | int, b: int, nearest: int) -> None:
    assert g.rdiv(a, b) == nearest


def test_a_crop_has_exact_sides_and_centre() -> None:
    region = g.crop_region((4001, 2667), (12_345, 0, 33_333, 100_000))
    assert (region.width, region.height) == (Fraction(33_333 * 4001, 100_000), Fraction(2667))
    assert region.centre == (Fraction((2 * 12_345 + 33_333) * 4001, 200_000), Fraction(2667, 2))


def test_no_crop_is_the_whole_photo() -> None:
    assert g.crop_region((7, 5), None) == Region(
        (Fraction(7, 2), Fraction(5, 2)), Fraction(7), Fraction(5)
    )


@pytest.mark.parametrize(
    ("turn", "sheet", "sides"),
    [
        (0, (3000, 2000), (300, 200)),
        (0, (3005, 2000), (300, Fraction(200 * 600, 601))),
        (0, (2000, 1330), (200 * Fraction(2000, 1330), 200)),
        (90, (2000, 3000), (300, 200)),
    ],
)
def test_a_crop_is_trimmed_to_the_sheet_as_it_is_seen(
    turn: int, sheet: tuple[int, int], sides: tuple[Fraction, Fraction]
) -> None:
    region = Region(
        (Fraction(150), Fraction(100)),
        Fraction(300) if sides[0] == 300 else Fraction(301),
        Fraction(200),
    )
    trimmed = g.trim_to_sheet(region, Pose(turn), sheet)
    assert (trimmed.width, trimmed.height) == sides
    assert trimmed.centre == region.centre


@pytest.mark.parametrize(("width_um", "is_refused"), [(3015, False), (3016, True)])
def test_more_than_half_a_percent_is_never_trimmed_silently(
    width_um: int, *, is_refused: bool
) -> None:
    region = Region((Fraction(0), Fraction(0)), Fraction(300), Fraction(200))
    if not is_refused:
        assert g.trim_to_sheet(region, Pose(), (width_um, 2000)).width == 300
        return
    with pytest.raises(DesignError) as refused:
        g.trim_to_sheet(region, Pose(), (width_um, 2000))
    assert (refused.value.status, refused.value.code) == (422, "print.aspect")


@pytest.mark.parametrize(
    ("frame", "box", "size"),
    [
        ((4000, 3000), (640, 2560), (640, 480)),
        ((4000, 3000), (2560, 480), (640, 480)),
        ((4001, 2667), (320, 320), (320, 213)),
        ((300, 200), (640, 640), (300, 200)),
        ((Fraction(2001, 10), Fraction(1001, 10)), (640, 640), (200, 100)),
        ((300, 200), (300, 640), (300, 200)),
        ((60_000, 2), (64, 64), (64, 1)),
    ],
)
def test_inside_is_the_largest_that_fits(
    frame: tuple[Fraction, Fraction], box: tuple[int, int], size: tuple[int, int]
) -> None:
    assert g.inside_size((Fraction(frame[0]), Fraction(frame[1])), box) == size


@pytest.mark.parametrize(
    ("frame", "box", "size"),
    [
        ((4000, 3000), (640, 640), (640, 640)),
        ((300, 200), (640, 640), (200, 200)),
        ((300, 200), (200, 640), (63, 200)),
        ((5, 5000), (2560, 1), (5, 1)),
    ],
)
def test_cover_is_the_box_or_its_shape_when_the_source_is_small(
    frame: tuple[int, int], box: tuple[int, int], size: tuple[int, int]
) -> None:
    assert g.cover_size((Fraction(frame[0]), Fraction(frame[1])), box) == size


def test_fill_is_never_above_the_source() -> None:
    assert g.fill_size((Fraction(300), Fraction(200)), (640, 100)) == (300, 100)
    assert g.fill_size((Fraction(1, 3), Fraction(200)), (640, 100)) == (1, 100)


@given(regions(), POSES, BOXES)
def test_a_size_is_never_above_box_or_source(
    photo: tuple[tuple[int, int], Region], pose: Pose, box: tuple[int, int]
) -> None:
    frame = pose.sides(photo[1])
    for size in (g.inside_size(frame, box), g.cover_size(frame, box), g.fill_size(frame, box)):
        for side in (0, 1):
            assert 1 <= size[side] <= box[side]
            assert size[side] <= max(Fraction(1), frame[side] + Fraction(1, 2))


@given(regions(), POSES, BOXES)
def test_the_whole_crop_meets_the_whole_picture(
    photo: tuple[tuple[int, int], Region], pose: Pose, box: tuple[int, int]
) -> None:
    _, region = photo
    pose = Pose(pose.turn, 0, pose.flip)
    view = g.whole_view(region, pose, g.inside_size(pose.sides(region), box))
    corners = [
        add(view.offset, g.apply(view.matrix, (Fraction(u), Fraction(v))))
        for u in (0, view.width_px)
        for v in (0, view.height_px)
    ]
    xs, ys = zip(*corners, strict=True)
    assert (min(xs) + max(xs)) / 2 == region.centre[0]
    assert (min(ys) + max(ys)) / 2 == region.centre[1]
    assert (max(xs) - min(xs), max(ys) - min(ys)) == (region.width, region.height)


@given(regions(), POSES, BOXES, POINTS)
def test_the_window_of_cover_never_leaves_the_frame(
    photo: tuple[tuple[int, int], Region],
    pose: Pose,
    box: tuple[int, int],
    gravity: str | tuple[Fraction, Fraction],
) -> None:
    _, region = photo
    view = g.cover_view(region, pose, g.cover_size(pose.sides(region), box), gravity)
    assert view.scale[0] == view.scale[1]
    assert 0 <= view.left <= view.frame[0] - view.width_px
    assert 0 <= view.top <= view.frame[1] - view.height_px
    middle = view.left + Fraction(view.width_px, 2), view.top + Fraction(view.height_px, 2)
    away = middle[0] - view.frame[0] / 2, middle[1] - view.frame[1] / 2
    assert view.centre == add(region.centre, g.apply(view.matrix, away))


@given(POSES, st.tuples(st.fractions(1, 50), st.fractions(1, 50)))
def test_a_map_can_be_undone(pose: Pose, scale: tuple[Fraction, Fraction]) -> None:
    matrix = g.map_matrix(pose, scale)
    point = Fraction(3, 7), Fraction(-11, 5)
    assert g.apply(g.inverse(matrix), g.apply(matrix, point)) == point


@pytest.mark.parametrize(
    ("turn", "right_is"), [(0, (1, 0)), (90, (0, -1)), (180, (-1, 0)), (270, (0, 1))]
)
def test_turns_are_clockwise_and_exact(turn: int, right_is: tuple[int, int]) -> None:
    """A step to the right in a picture turned by 90 is a step up in the photo."""
    matrix = g.map_matrix(Pose(turn), (Fraction(1), Fraction(1)))
    assert g.apply(matrix, (Fraction(1), Fraction(0))) == tuple(map(Fraction, right_is))


def test_a_tilt_adds_to_the_turn() -> None:
    (a, b), (c, d) = g.map_matrix(Pose(90, 30_000), (Fraction(1), Fraction(1)))
    half_root3 = 3**0.5 / 2
    assert [float(v) for v in (a, b, c, d)] == pytest.approx([-0.5, half_root3, -half_root3, -0.5])


@pytest.mark.parametrize(
    ("crop", "tilt", "is_inside"),
    [
        ((0, 0, 100_000, 100_000), 0, True),
        ((0, 0, 100_000, 100_000), 10, True),
        ((0, 0, 100_000, 100_000), 60, False),
        ((25_000, 25_000, 50_000, 50_000), 45_000, True),
        ((15_000, 15_000, 71_000, 71_000), -45_000, False),
    ],
)
def test_a_tilted_crop_stays_within_half_a_px_of_the_photo(
    crop: tuple[int, int, int, int], tilt: int, *, is_inside: bool
) -> None:
    region = g.crop_region((1000, 1000), crop)
    if is_inside:
        g.require_inside(region, Pose(0, tilt), (1000, 1000))
        return
    with pytest.raises(DesignError) as refused:
        g.require_inside(region, Pose(0, tilt), (1000, 1000))
    assert (refused.value.status, refused.value.code) == (422, "design.crop_outside")


def test_a_turned_and_tilted_crop_is_judged_as_it_lies() -> None:
    """A wide crop turned by 90 covers the same px of the photo as it does unturned."""
    region = g.crop_region((1000, 400), (5_000, 10_000, 90_000, 80_000))
    for turn in (0, 90, 180, 270):
        g.require_inside(region, Pose(turn, 500), (1000, 400))


@pytest.mark.parametrize(
    ("gravity", "at"),
    [
        ("c", (5, 2)),
        ("nw", (0, 0)),
        ("e", (11, 2)),
        ("s", (5, 5)),
        ((Fraction(0), Fraction(0)), (5, 2)),
    ],
)
def test_contain_places_the_photo_on_whole_px(
    gravity: str | tuple[Fraction, Fraction], at: tuple[int, int]
) -> None:
    canvas = g.contain_canvas((89, 95), (100, 100), gravity)
    assert (canvas.left_px, canvas.top_px) == at
    assert (canvas.width_px, canvas.height_px) == (100, 100)


@pytest.mark.parametrize(
    ("um", "dpi", "px"), [(25_400, 300, 300), (152_400, 300, 1800), (42, 300, 0), (43, 300, 1)]
)
def test_paper_lengths_round_to_the_nearest_px(um: int, dpi: int, px: int) -> None:
    assert g.px_from_um(um, dpi) == px


@given(st.integers(20_000, 600_000), st.integers(20_000, 600_000), st.integers(0, 5_000), POSES)
def test_a_page_spans_trim_and_bleed_exactly(
    width_um: int, height_um: int, bleed_um: int, pose: Pose
) -> None:
    region = Region((Fraction(500), Fraction(400)), Fraction(900), Fraction(600))
    view = g.page_view(region, pose, (width_um, height_um), bleed_um, 300)
    fw, fh = pose.sides(region)
    assert view.frame[0] * view.scale[0] == fw
    assert view.frame[1] * view.scale[1] == fh
    assert view.width_px == view.frame[0] - 2 * view.left
    assert view.height_px == view.frame[1] - 2 * view.top
    assert view.scale[0] * view.width_px * width_um == fw * (width_um + 2 * bleed_um)


def add(a: tuple[Fraction, Fraction], b: tuple[Fraction, Fraction]) -> tuple[Fraction, Fraction]:
    return a[0] + b[0], a[1] + b[1]
