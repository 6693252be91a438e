"""One table: every row of the vectors, and what each implementation really answers to it.

The fifth column is Compute's own engine, which runs the core while a program for it is built; the
sixth, where it is installed, is Viceroy, which runs what was built. The whole service:
test_js_compute.py.
"""

from __future__ import annotations

import pytest

from edgeproof.console import out
from tests.edge.columns import COLUMNS, FILES, Column, expected, need_tools
from tests.edge.vector_edges import ASKING, left_out
from tests.unit.cache_keys.vector_files import rows

pytestmark = pytest.mark.xdist_group("same-answer")
Table = dict[str, Column]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Table:
    need_tools()
    return {name: make(tmp_path_factory.mktemp(name)) for name, make in COLUMNS.items()}


@pytest.mark.parametrize("name", FILES)
def test_every_row_has_one_answer_in_every_column(name: str, answers: Table) -> None:
    wrong = []
    for row in rows(name):
        told = {column: found.get(name, {}).get(row["id"]) for column, found in answers.items()}
        if {answer for answer in told.values() if answer is not None} != {expected(name, row)}:
            wrong.append((row["id"], expected(name, row), told))
    assert not wrong, wrong[:5]
    counts = [len(found.get(name, {})) for found in answers.values()]
    # Shown by pytest -rP: how many rows of a file were asked of each.
    out(f"| {name} | {' | '.join(map(str, counts))} |")


@pytest.mark.parametrize("name", FILES)
def test_no_row_is_left_out_of_a_column_but_for_a_reason(name: str, answers: Table) -> None:
    everything = {row["id"] for row in rows(name)}
    asked = {column: set(found.get(name, {})) for column, found in answers.items()}
    for column in asked.keys() - {"Python", "varnishd"}:
        assert asked[column] == everything, column
    assert asked["Python"] == (everything if name != "resizes" else set())
    reached = {row["id"] for row in rows(name) if left_out(name, row) is None}
    assert asked["varnishd"] == (reached if name in ASKING else set())
