"""Which columns a list is read for."""

from __future__ import annotations

from collections import Counter

from allowances.eligibility.facts import FACTS, FactType, needed_by


def test_no_header_name_stands_for_two_facts() -> None:
    names = Counter(alias for fact in FACTS.values() for alias in fact.aliases)
    assert [name for name, count in names.items() if count > 1] == []
    assert all(name == "".join(name.split()).casefold() for name in names)


def test_choices_have_labels_and_no_word_means_two_of_them() -> None:
    for fact in FACTS.values():
        assert (fact.type == FactType.CHOICE) == bool(fact.choices)
        assert set(fact.choices) == set(fact.choice_labels)
        words = [word for words in fact.choices.values() for word in words]
        assert len(words) == len(set(words))


def test_rules_are_searched_for_the_facts_they_look_at() -> None:
    rules = {
        "conditions": [
            [{"kind": "fact", "fact": "birth_order", "is": ">=", "value": 2}],
            [{"kind": "age", "of": "child", "on": "applied_on", "max": 7}, {"kind": "category", "any": ["disability"]}],
        ],
        "amounts": [{"tiers": [{"rate": "20000", "of": "kilowatts"}]}],
        "cash": True,
    }
    assert needed_by(rules) == {
        "birth_order", "child_birth_date", "applied_on", "has_disability", "kilowatts", "payment_method",
    }  # fmt: skip
    assert needed_by({"conditions": [[{"kind": "age", "min": 19, "on": "reference"}]], "cash": False}) == frozenset()
