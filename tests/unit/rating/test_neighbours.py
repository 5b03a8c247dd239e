"""Neighbouring parameter sets: seeded, distinct, every number moved (RAT-3)."""

from __future__ import annotations

from omega.rating.neighbours import moved, neighbours


def test_numbers_move_by_five_and_ten_percent() -> None:
    """RAT-3: 20 becomes 18, 19, 21, 22; a small integer moves by at least 1 and never becomes 0."""
    assert moved(20) == [18, 19, 21, 22]
    assert moved(40.0) == [36.0, 38.0, 42.0, 44.0]
    assert moved(3) == [2, 4]
    assert moved(1) == [2]
    assert moved(-10) == [-9, -11]


def test_sets_are_distinct_and_move_every_number() -> None:
    """RAT-3: 40 sets of three numbers; flags, texts and zeros stay as they are."""
    given = {"fast": 20, "slow": 50, "stop": 15.0, "on": True, "name": "x", "zero": 0}
    sets = list(neighbours(given, 7, 40))

    assert len(sets) == len({tuple(one.values()) for one in sets}) == 40
    for one in sets:
        assert all(one[name] != given[name] for name in ("fast", "slow", "stop"))
        assert all(one[name] == given[name] for name in ("on", "name", "zero"))
    assert list(neighbours(given, 7, 40)) == sets
    assert list(neighbours(given, 8, 40)) != sets


def test_there_are_no_more_sets_than_there_can_be() -> None:
    """RAT-3: one integer has four neighbours; no number has none."""
    assert {one["period"] for one in neighbours({"period": 20}, 0, 40)} == {18, 19, 21, 22}
    assert list(neighbours({"on": True, "name": "x"}, 0, 40)) == []
    assert list(neighbours({"period": 20}, 0, 0)) == []
