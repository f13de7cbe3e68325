"""Many papers at once: in their order, a few ahead, none kept from being made by another, and no thread left."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.documents import typeset
from reports.documents.pdf import PaperFailed


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("typeset")]


def test_many_papers_come_in_their_order_and_as_they_are_made() -> None:
    taken: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            taken.append(len(taken))
            yield taken[-1]

    made = typeset.attempt_many(lambda number: b"%d" % number, endless())
    assert [next(made) for _ in range(10)] == [b"%d" % number for number in range(10)]
    assert len(taken) < 30
    made.close()  # type: ignore[attr-defined]
    assert threads() == []


def test_two_are_made_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=20)

    def make(_number: int) -> bytes:
        together.wait()
        return b""

    assert list(typeset.attempt_many(make, range(4))) == [b""] * 4


def test_a_paper_that_fails_among_many_keeps_none_of_the_others() -> None:
    def make(number: int) -> bytes:
        if number == 1:
            raise PaperFailed("no")
        return b"%d" % number

    first, second, third = typeset.attempt_many(make, range(3))
    assert (first, third) == (b"0", b"2")
    assert isinstance(second, PaperFailed)
    assert list(typeset.attempt_many(make, [])) == []


@pytest.mark.parametrize("reads", ['read("../secret.txt")', 'read("/../secret.txt")', "sys.inputs.missing"])
def test_a_template_reads_nothing_outside_its_folder_and_what_fails_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: str
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "paper.typ").write_text(f"#{reads}")
    monkeypatch.setattr(typeset, "FILES", tmp_path / "own")
    monkeypatch.setattr(typeset, "_of_thread", threading.local())
    with pytest.raises(PaperFailed):
        typeset.render("paper.typ", {})
