"""What is done to a lake in a round, by the seed: when it is killed, and its recoveries."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from tests.faults.data import LANDINGS
from tests.faults.steps import ANY_MOMENT, AT_FIRST, LATER, STEPS
from tests.faults.ways import AT_REST

AGAIN = (0.7, 0.5, 0.3)
"""How likely a recovery is killed as well, the recovery from that, and so on."""
TIMES = 4
"""Kills of a round in which nothing comes."""


@dataclass(frozen=True)
class Blow:
    """A kill: at a named step or any moment. `share` of the undisturbed time, or of how often that
    step is reached, passes before."""

    step: str
    share: float
    action: str
    is_recovery: bool = False

    def nth(self, reached: int) -> int:
        """At which time that the step is reached, if it is so often in an undisturbed run."""
        return 1 + int(self.share * max(reached, 1))


@dataclass(frozen=True)
class Plan:
    """The kills of each landing of a round. `is_settled`: a landing is all taken before the next
    one; else that comes on top of what a kill left."""

    blows: Sequence[Sequence[Blow]]
    is_settled: bool


def plan(seed: int, kind: str, number: int) -> Plan:
    """What is done in a round of this number: the same for the same seed."""
    chance = Random(f"{seed} {kind} {number}")
    steps = _in_turn(seed, kind, number)
    if kind in AT_REST:
        blows = []
        for nth in range(TIMES):
            action = kind if nth == 0 or chance.random() < 0.7 else "refresh"
            step = _step(chance, steps) if action == kind else ANY_MOMENT
            share = chance.random() * (0.5 if action == "refresh" else 1)
            blows.append(Blow(step, share, action, nth > 0))
        return Plan([blows], is_settled=True)
    action = "keep" if kind == "stream" else "refresh"
    landings = []
    for landing in range(LANDINGS):
        passed_over = () if landing else LATER
        own = [Blow(_step(chance, steps, passed_over), chance.random(), action)]
        if landing == 0 and chance.random() < 0.5:
            own = [replace(own[0], step=AT_FIRST[number % len(AT_FIRST)])]
        for likely in AGAIN:
            if chance.random() > likely:
                break
            # Half of it is done already: what is left of a step is reached soon.
            share = chance.random() / 2
            step = _step(chance, steps, passed_over)
            own.append(Blow(step, share, action, is_recovery=True))
        landings.append(own)
    return Plan(landings, is_settled=kind == "database" or chance.random() < 0.5)


def _step(chance: Random, steps: deque[str], passed_over: Sequence[str] = ()) -> str:
    if chance.random() < 0.4:
        return ANY_MOMENT
    step = next(step for step in steps if step not in passed_over)
    steps.remove(step)
    steps.append(step)
    return step


def _in_turn(seed: int, kind: str, number: int) -> deque[str]:
    """The named steps of a kind; each comes last once it was taken, and the next round begins some
    further on."""
    names = [name for name in STEPS[kind] if name not in AT_FIRST]
    Random(f"{seed} {kind}").shuffle(names)
    steps = deque(names)
    steps.rotate(-3 * number)
    return steps
