"""What a seed decides, and whether it comes to every named step."""

from __future__ import annotations

import pytest
from tests.faults.data import LANDINGS, arrivals
from tests.faults.plan import plan
from tests.faults.steps import ANY_MOMENT, STEPS
from tests.faults.ways import KINDS, TABLES


def test_the_same_seed_kills_at_the_same_steps_and_another_one_does_not() -> None:
    assert plan(3, "files", 2) == plan(3, "files", 2)
    assert plan(3, "files", 2) != plan(4, "files", 2)
    assert plan(3, "files", 2) != plan(3, "files", 1)


def test_the_same_seed_lets_the_same_arrive() -> None:
    assert arrivals("3") == arrivals("3") and len(arrivals("3")) == LANDINGS
    assert arrivals("3") != arrivals("4")


@pytest.mark.parametrize("kind", KINDS)
def test_some_rounds_kill_at_every_named_step_at_any_moment_and_during_recoveries(
    kind: str,
) -> None:
    blows = [blow for number in range(12) for some in plan(1, kind, number).blows for blow in some]
    assert {blow.step for blow in blows} == {*STEPS[kind], ANY_MOMENT}
    assert any(blow.is_recovery for blow in blows)
    assert all(1 <= blow.nth(4) <= 4 for blow in blows)
    assert set(TABLES) == set(KINDS) == set(STEPS)


@pytest.mark.parametrize("kind", ["files", "kafka", "stream"])
def test_a_landing_also_comes_on_top_of_what_a_kill_left(kind: str) -> None:
    assert {plan(1, kind, number).is_settled for number in range(12)} == {True, False}
