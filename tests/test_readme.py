"""What the README shows works as it stands there."""

from __future__ import annotations

import re

import pytest
from pyspark.sql import SparkSession

from lakehouse.declare.expectation import BROKEN, judge
from lakehouse.declare.table import Table
from retail.bronze import baskets
from tests.checkout import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"^\$ (.+?)(?:\s+#.*)?$", README, re.MULTILINE)


def test_the_example_of_a_table_is_one(spark: SparkSession) -> None:
    assert len(EXAMPLES) == 1
    page: dict[str, object] = {}
    exec(EXAMPLES[0], page)
    table = page["TABLE"]
    assert isinstance(table, Table) and table.transform is not None
    raw = spark.createDataFrame(
        [
            ('{"basket_id": 1, "product_id": 2, "quantity": -1}', "f", None, None),
            ('{"basket_id": 1, "product_id": 3, "quantity": 1}', "f", None, None),
        ],
        baskets.SOURCE.landed_schema,
    )
    judged = judge(table.transform(raw), table.expect)
    assert [(row["product_id"], row[BROKEN]) for row in judged.collect()] == [
        (2, None),
        (3, ["a return takes something back"]),
    ]


def test_every_make_target_and_subcommand_it_names_exists() -> None:
    import click
    import typer

    from lakehouse.cli.app import app

    makefile = (ROOT / "Makefile").read_text()
    group = typer.main.get_group(app)
    named = [command.split() for command in COMMANDS]
    assert len(named) > 8
    for words in named:
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE), words
        else:
            assert words[0] == "lakehouse"
            assert group.get_command(click.Context(group), words[1]), words


@pytest.mark.parametrize("link", re.findall(r"\]\(((?!http)[^)#]+)\)", README))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
