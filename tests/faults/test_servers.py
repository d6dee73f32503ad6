"""The short form of the faults of servers: each a case of `make faults`, over fewer tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.faults.cases import CASES
from tests.faults.data import Arrival
from tests.faults.killing import Usual
from tests.faults.rounds import Bench
from tests.faults.ways import Way
from tests.postgres import PASSWORD

from lakehouse import Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from tests.postgres import Postgres

pytestmark = [pytest.mark.server, pytest.mark.slow]


class Short(Bench):
    """The servers and the Spark of the tests, two tables and a few records of each landing."""

    def tables(self, kind: str) -> Sequence[Table]:
        return super().tables(kind)[:2]

    def arrivals(self) -> list[Arrival]:
        return [replace(each, sales=each.sales[-8:]) for each in super().arrivals()]

    def reference(self, kind: str) -> tuple[Way, Usual]:
        if kind not in self._references:
            way = self.way(kind, "undisturbed")
            for arrival in self.arrivals():
                way.land(arrival)
                if kind == "database":  # a pull is a file
                    self.finish(way, kind)
            self.finish(way, kind)
            self._references[kind] = way, Usual()
        return self._references[kind]


@pytest.fixture(scope="module")
def bench(
    spark: SparkSession,
    kafka: str,
    postgres: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bench]:
    bench = Short(tmp_path_factory.mktemp("faults"), 1, ExitStack())
    bench.spark, bench.servers, bench.postgres = spark, kafka, postgres
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PG_PASSWORD", PASSWORD)
        yield bench


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "broker-gone",
            "bronze.sales, source 'sales': no broker answers. See that it is up, or mend .*",
        ),
        ("messages-twice", ""),
        ("more-partitions", ""),
        ("database-gone", "database.tables.sales: the database ended the connection. See .*"),
    ],
)
def test_it_is_told_in_a_sentence_and_nothing_is_lost(bench: Bench, name: str, said: str) -> None:
    sentence, found = CASES[name](bench, bench.folder / name)
    assert found == []
    assert re.fullmatch(said, sentence)
