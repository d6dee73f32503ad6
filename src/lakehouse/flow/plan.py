"""What has changed in the declarations, what is stale for it, and what making it anew costs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Rebuild
from lakehouse.flow.verdict import Verdict, verdicts
from lakehouse.lake import Lake
from lakehouse.lake.builds import histories
from lakehouse.lake.glance import Glance, glance
from lakehouse.lake.ops import BATCHES


@dataclass(frozen=True)
class Step:
    """A table with its state, the reasons for it, and what it takes to make it anew.

    `rows` are read for it; `seconds` as its largest batch took them, None where it had none.
    `refused`: it cannot be refreshed as it is; `follows`: only what it reads is not up to date.
    """

    table: str
    state: str
    reasons: tuple[str, ...]
    rows: int
    seconds: float | None
    refused: bool = False
    follows: bool = False

    @property
    def is_late(self) -> bool:
        """Whether something is to be decided about it."""
        return self.state in ("changed", "stale", "replaced")


def plan(lake: Lake, tables: Sequence[Table], names: Collection[str] = ()) -> list[Step]:
    """A step for each table (or those of `names`), in run order, and for those that are declared no
    more. Changes nothing."""
    known = histories(lake)
    about = verdicts(lake, tables, known)
    look = glance(lake.settings, lambda: lake)
    costs = _costs(look)
    late: set[str] = set()
    steps = []
    for table in tables:
        if (verdict := about.get(table.name)) is None:
            continue
        step = _step(look, verdict, late, costs.get(table.name))
        late |= {table.name} if step.is_late else set()
        if not names or table.name in names:
            steps.append(step)
    declared = {table.name for table in tables}
    gone = () if names else sorted(known.keys() - declared)
    reason = ("is declared no more; what it holds stays",)
    return [*steps, *(Step(name, "gone", reason, 0, None) for name in gone)]


def _step(
    look: Glance, verdict: Verdict, late: Collection[str], cost: tuple[int, float] | None
) -> Step:
    """The step of a table, given those above it that are late: what is made of them is stale."""
    table, reasons = verdict.table, verdict.reasons
    above = [read.name for read in table.reads if read.name in late and verdict.state != "new"]
    reasons = (*reasons, *(f"reads {name}, which is not up to date" for name in above))
    follows = bool(above) and verdict.is_current
    # A rebuild reads all rows above, or makes all of its own.
    own = isinstance(table.write, Rebuild) or isinstance(table.reads[0], Source)
    name = table.name if own else table.reads[0].name
    rows = (look.facts(name).rows or 0) if look.exists(name) else 0
    seconds = rows * cost[1] / cost[0] if cost else None
    refused = verdict.refusal is not None
    state = "stale" if follows else verdict.state
    return Step(table.name, state, reasons, rows, seconds, refused, follows)


def _costs(look: Glance) -> Mapping[str, tuple[int, float]]:
    """Rows and seconds of the largest batch of each table: what a small one takes is no measure."""
    if not look.exists(BATCHES.name):
        return {}
    largest: dict[str, tuple[int, float]] = {}
    for name, landed, seconds in look.query(
        BATCHES.name, "SELECT `table`, landed, seconds FROM t WHERE landed > 0"
    ):
        if landed > largest.get(name, (0, 0.0))[0]:
            largest[name] = (landed, seconds)
    return largest
