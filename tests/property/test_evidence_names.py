"""Nearest names: what a slip of the finger must still find."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ligandose.errors import UnknownNameError, nearest_names

KNOWN = ["177Lu-PSMA-617", "177Lu-DOTATATE", "90Y-DOTATOC", "68Ga-PSMA-11", "177Lu-FAP-2286"]


@given(name=st.sampled_from(KNOWN), data=st.data())
def test_case_and_punctuation_do_not_matter(name: str, data: st.DataObject) -> None:
    kept = "".join(c for c in name if c.isalnum() or data.draw(st.booleans()))
    assert nearest_names(kept.swapcase(), KNOWN)[0] == name


@given(name=st.sampled_from(KNOWN), data=st.data())
def test_one_lost_letter_still_finds_the_name(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    assert name in nearest_names(name[:at] + name[at + 1 :], KNOWN)


@given(st.text(max_size=30))
def test_suggestions_are_known_names_and_at_most_three(text: str) -> None:
    found = nearest_names(text, KNOWN)
    assert len(found) <= 3
    assert set(found) <= set(KNOWN)


def test_nothing_alike_gives_the_number_of_known_names_instead() -> None:
    error = UnknownNameError("agent", "qqqq", KNOWN, where="study.yaml: agent")
    assert str(error) == "study.yaml: agent: unknown agent 'qqqq'; 5 are known"
