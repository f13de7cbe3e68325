"""Few people cannot be told from the published table: neither from a cell nor from any sums of cells and totals."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from merchants.open_data.rules import TOTAL, Groups, Key, suppressed


def with_totals(cells: dict[Key, int]) -> dict[Key, Groups]:
    """The table with its totals, for people who pay in one neighbourhood each, all without a card."""
    whole: dict[Key, int] = {}
    for (row, column), people in cells.items():
        for key in {(row, column), (row, TOTAL), (TOTAL, column), (TOTAL, TOTAL)}:
            whole[key] = whole.get(key, 0) + people
    return {key: (people, 0, people) for key, people in whole.items()}


def follows(cells: dict[Key, Groups], hidden: set[Key]) -> set[Key]:
    """Which hidden figures follow from the shown ones: by Gauss, over the equations of all lines with their totals."""
    unknown = sorted(hidden)
    rows, columns = {key[0] for key in cells}, {key[1] for key in cells}
    lines = [[key for key in cells if key[0] == row] for row in rows] + [
        [key for key in cells if key[1] == column] for column in columns
    ]
    matrix = []
    for place, line in enumerate(lines):
        sign = {key: -1 if key[1 if place < len(rows) else 0] == TOTAL else 1 for key in line}
        matrix.append([Fraction(sign.get(key, 0)) for key in unknown])
    reduced: list[list[Fraction]] = []
    for column in range(len(unknown)):
        pivot = next((row for row in matrix if row[column]), None)
        if pivot is None:
            continue
        matrix.remove(pivot)
        pivot = [value / pivot[column] for value in pivot]
        matrix = [[a - row[column] * b for a, b in zip(row, pivot, strict=True)] for row in matrix]
        reduced = [[a - row[column] * b for a, b in zip(row, pivot, strict=True)] for row in reduced] + [pivot]
    alone = [row for row in reduced if sum(bool(value) for value in row) == 1]
    return {unknown[[bool(value) for value in row].index(True)] for row in alone}


def test_a_small_cell_takes_a_second_row_and_column_with_it():
    cells = with_totals({
        ("가동", "M02"): 3, ("가동", "F02"): 40, ("가동", "M03"): 60,
        ("나동", "M02"): 30, ("나동", "F02"): 20, ("나동", "M03"): 50,
    })  # fmt: skip
    assert suppressed(cells, fewest=5) == {("가동", "M02"), ("가동", "F02"), ("나동", "M02"), ("나동", "F02")}
    assert follows(cells, {("가동", "M02"), ("가동", "F02")}) == {("가동", "M02"), ("가동", "F02")}  # by their columns


def test_where_one_person_is_the_whole_table_not_even_a_total_is_shown():
    cells = with_totals({("가동", "M02"): 1})
    hidden = suppressed(cells, fewest=5)
    assert hidden == set(cells)  # the whole table is one person


def test_what_a_line_hides_is_enough_people_together():
    cells = with_totals({
        ("가동", "M02"): 1, ("가동", "F02"): 1, ("가동", "M03"): 50,
        ("나동", "M02"): 1, ("나동", "F02"): 1, ("나동", "M03"): 50,
    })  # fmt: skip
    hidden = suppressed(cells, fewest=5)
    for dong in ("가동", "나동"):
        assert (dong, "M03") in hidden or (dong, TOTAL) in hidden  # else 52 − 50 tells of two people


def test_a_card_that_one_person_used_hides_the_cell_however_many_paid():
    assert ("가동", "M02") in suppressed(with_totals({("가동", "M02"): 50}) | {("가동", "M02"): (50, 1, 49)}, fewest=5)


def test_nothing_is_hidden_where_everybody_is_many():
    assert suppressed(with_totals({("가동", "M02"): 5, ("나동", "F03"): 9}), fewest=5) == set()


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["가동", "나동", "다동", "라동"]), st.sampled_from(["M01", "F01", "M02", "F02", "M03"])),
        st.one_of(st.integers(1, 8), st.integers(9, 200)), min_size=1,
    )
)  # fmt: skip
def test_no_suppressed_figure_follows_from_the_published_ones(table: dict[Key, int]):
    cells = with_totals(table)
    hidden = suppressed(cells, fewest=5)
    assert {key for key, (people, *_) in cells.items() if people < 5} <= hidden
    assert follows(cells, hidden) == set()
    for key in {key[0] for key in hidden}:
        inside = [cells[one][0] for one in hidden if one[0] == key and one[1] != TOTAL]
        assert not inside or (key, TOTAL) in hidden or sum(inside) >= 5
