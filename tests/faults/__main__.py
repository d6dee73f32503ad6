"""Kills what works at lakes, again and again, and compares them: make faults ARGS="--kills 20"."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path

from tests.faults.cases import CASES
from tests.faults.rounds import Bench, Outcome
from tests.faults.ways import KINDS

from lakehouse.base.stopping import sigterm_as_interrupt
from lakehouse.terminal.output import write
from lakehouse.terminal.rows import Rows

NAMES = (*KINDS, *CASES)


def main(words: list[str]) -> int:
    """Plays rounds until there were enough kills; 1 where any lake came out otherwise."""
    told = _parser().parse_args(words)
    names = told.only.split(",") if told.only else [*NAMES]
    if other := set(names) - set(NAMES):
        print(f"error: no {', '.join(sorted(other))}: {','.join(NAMES)}", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    with sigterm_as_interrupt(), ExitStack() as stack:
        bench = Bench(folder, told.seed, stack, told.records)
        kinds = [name for name in names if name in KINDS]
        outcomes = _rounds(bench, kinds, told) if kinds else []
        cases: list[bool] = []
        with suppress(KeyboardInterrupt):
            cases += (_case(bench, name) for name in names if name in CASES)
    for rows in (_by_step(outcomes), _by_kind(outcomes)) if outcomes else ():
        print()
        write(rows)
    print(f"\nseed {told.seed}")
    failed = [each for each in outcomes if each.differences]
    for each in failed:
        for text in each.differences:
            print(f"\n{each.kind}, round {each.number}: {text}")
        again = f"--seed {told.seed} --only {each.kind} --round {each.number}"
        print(f'again: make faults ARGS="{again}"; its lake: {folder}/{each.kind}-{each.number}')
    if failed or not all(cases):
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("make faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="what arrives, and when it is killed")
    parser.add_argument("--kills", type=int, default=100, help="how many, over all that is killed")
    parser.add_argument("--only", default="", help=f"some of {','.join(NAMES)}")
    parser.add_argument("--round", type=int, help="only the round of this number")
    parser.add_argument("--first", type=int, default=0, help="the round to begin with")
    parser.add_argument("--records", type=int, default=100_000, help="how many are hostile")
    return parser


def _rounds(bench: Bench, kinds: list[str], told: argparse.Namespace) -> list[Outcome]:
    """Rounds of each kind in turn; those until then where they are interrupted."""
    outcomes: list[Outcome] = []
    with suppress(KeyboardInterrupt):
        for number in count(told.first) if told.round is None else (told.round,):
            for kind in kinds:
                kills = sum(each.kills.total() for each in outcomes)
                if told.round is None and kills >= told.kills:
                    return outcomes
                outcomes.append(bench.round(kind, number, _tell))
                _tell_end(outcomes[-1])
    return outcomes


def _tell(text: str) -> None:
    print(f"    {text}", flush=True)


def _tell_end(outcome: Outcome) -> None:
    same = "DIFFERS" if outcome.differences else "the same"
    about = f"{outcome.kills.total()} kills, {outcome.seconds:.0f} s"
    print(f"{outcome.kind} {outcome.number}: {same} ({about})", flush=True)


def _case(bench: Bench, name: str) -> bool:
    """Whether a case came out as if nothing had happened."""
    try:
        sentence, found = CASES[name](bench, bench.folder / name)
    except Exception as error:
        sentence, found = "", [f"{type(error).__name__}: {error}"]
    print(f"{name}: {'DIFFERS' if found else 'the same'}", flush=True)
    for text in filter(None, (sentence, *found)):
        _tell(text)
    return not found


def _by_step(outcomes: list[Outcome]) -> Rows:
    kills: Counter[tuple[str, str]] = Counter()
    recoveries: Counter[tuple[str, str]] = Counter()
    for each in outcomes:
        kills.update({(each.kind, step): count for step, count in each.kills.items()})
        recoveries.update({(each.kind, step): count for step, count in each.recoveries.items()})
    rows = [(*at, count, recoveries[at]) for at, count in kills.items()]
    return Rows(("what", "killed at", "kills", "of a recovery"), rows)


def _by_kind(outcomes: list[Outcome]) -> Rows:
    rows: list[tuple[object, ...]] = []
    for kind in [*dict.fromkeys(each.kind for each in outcomes), "all"]:
        own = [each for each in outcomes if kind in (each.kind, "all")]
        rows.append(
            (
                kind,
                len(own),
                sum(each.kills.total() for each in own),
                sum(each.recoveries.total() for each in own),
                sum(bool(each.differences) for each in own),
                sum(each.seconds for each in own) / 60,
            )
        )
    columns = ("what", "rounds", "kills", "of a recovery", "rounds that differ", "minutes")
    return Rows(columns, rows, {"minutes": "{:.1f}".format})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
