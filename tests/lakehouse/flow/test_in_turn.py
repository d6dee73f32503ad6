"""Tables side by side: which one is worked at when, and what a failure costs the others."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from threading import Barrier, Event, Lock

import pytest

from lakehouse import Append, Table
from lakehouse.base.stopping import Halt
from lakehouse.flow.in_turn import in_turn


def table(name: str, *reads: Table) -> Table:
    return Table(f"silver.{name}", "id BIGINT", reads=reads, write=Append())


A, B = table("a"), table("b")
OF_A = table("of_a", A)
OF_BOTH = table("of_both", OF_A, B)
TABLES = (A, B, OF_A, OF_BOTH)


def logged(log: list[str]) -> Callable[[Table], str]:
    lock = Lock()

    def work(each: Table) -> str:
        with lock:
            log.append(each.name)
        return each.name.upper()

    return work


@pytest.mark.parametrize("side_by_side", [1, 2, 4])
def test_each_comes_after_what_it_reads_whatever_the_order_of_the_tables(side_by_side: int) -> None:
    for tables in permutations(TABLES):
        log: list[str] = []
        made = in_turn(tables, logged(log), side_by_side, Halt())
        assert made == {each.name: each.name.upper() for each in tables}
        assert list(made) == [each.name for each in tables]
        assert sorted(log) == sorted(each.name for each in TABLES)
        for each in TABLES:
            assert all(log.index(read.name) < log.index(each.name) for read in each.reads)  # type: ignore[union-attr]


def test_what_most_others_wait_for_comes_first() -> None:
    log: list[str] = []
    in_turn((B, A, OF_A, OF_BOTH), logged(log), 1, Halt())
    assert log == ["silver.a", "silver.of_a", "silver.b", "silver.of_both"]


def test_of_two_that_nothing_waits_for_the_one_at_the_end_of_the_longer_row_comes_first() -> None:
    log: list[str] = []
    short, long = table("short", A), table("long", OF_A)
    in_turn((A, OF_A, short, long), logged(log), 1, Halt())
    assert log == ["silver.a", "silver.of_a", "silver.long", "silver.short"]


def test_one_that_is_free_does_not_wait_for_the_slowest() -> None:
    is_done = Event()

    def work(each: Table) -> None:
        if each is B:
            assert is_done.wait(20), "a table of a is not worked at while b is"
        if each is OF_A:
            is_done.set()

    in_turn((A, B, OF_A), work, 2, Halt())
    assert is_done.is_set()


def test_no_more_are_worked_at_than_are_asked_for() -> None:
    lock, most, now = Lock(), [0], [0]
    both = Barrier(2)

    def work(each: Table) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        both.wait(20)
        with lock:
            now[0] -= 1

    in_turn([table(str(number)) for number in range(6)], work, 2, Halt())
    assert most == [2]


def test_a_failure_costs_only_what_is_made_of_the_table() -> None:
    log: list[str] = []
    write = logged(log)
    last, other = table("last", OF_BOTH), table("other", B)

    def work(each: Table) -> str:
        if each is A:
            raise ValueError("broken")
        return write(each)

    halt = Halt()
    with pytest.raises(ValueError, match="broken"):
        in_turn((last, *TABLES, other), work, 2, halt)
    assert sorted(log) == ["silver.b", "silver.other"]
    assert not halt.requested


def test_of_several_failures_the_first_table_s_is_told() -> None:
    both = Barrier(2)

    def work(each: Table) -> None:
        both.wait(20)
        raise ValueError(each.name)

    for tables in permutations((A, B)):
        with pytest.raises(ValueError, match=tables[0].name):
            in_turn(tables, work, 2, Halt())


def test_an_interruption_asks_the_work_to_halt_and_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, over = Event(), Event()
    halt = Halt()

    def work(each: Table) -> None:
        begun.set()
        assert halt.wait(20) or halt.requested
        over.set()

    def interrupted(*_: object, **__: object) -> None:
        begun.wait(20)
        raise KeyboardInterrupt

    monkeypatch.setattr("lakehouse.flow.in_turn.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        in_turn((A, B), work, 1, halt)
    assert halt.requested
    assert over.is_set()
