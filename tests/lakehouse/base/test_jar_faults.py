"""What Java says where jars are missing or made for another Spark, as one sentence."""

from __future__ import annotations

import pytest

from lakehouse.base.failing import explained
from lakehouse.base.jar_faults import jar_fault

TODO = "Have those of `lakehouse setup`, or of the server's or cluster's own Spark."


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "An error occurred while calling o1.sql.\n: java.lang.NoSuchMethodError: 'void "
            "org.apache.spark.sql.catalyst.parser.ParserInterface.$init$(org.apache.spark.X)'",
            "the jars are not all made for this Spark: NoSuchMethodError, "
            "void org.apache.spark.sql.catalyst.parser.ParserInterface.$init$(org.apache.spark.X)",
        ),
        (
            "(java.lang.NoClassDefFoundError) org/apache/spark/sql/connector/catalog/A",
            "the jars are not all made for this Spark: NoClassDefFoundError, "
            "org/apache/spark/sql/connector/catalog/A",
        ),
        (
            "Caused by: java.io.InvalidClassException: org.apache.spark.rdd.RDD; local class "
            "incompatible: stream classdesc serialVersionUID = 1, local = 2",
            "the jars are not all made for this Spark: InvalidClassException, "
            "org.apache.spark.rdd.RDD; local class incompatible: stream classdesc "
            "serialVersionUID = 1, local = 2",
        ),
        (
            ": java.lang.ClassNotFoundException: org.apache.spark.sql.delta.catalog.DeltaCatalog\n"
            "\tat java.base/java.net.URLClassLoader",
            "Delta's jars are not there: no class org.apache.spark.sql.delta.catalog.DeltaCatalog",
        ),
    ],
)
def test_jars_that_do_not_fit_are_named_with_what_to_do(text: str, what: str) -> None:
    assert str(explained(RuntimeError(text))) == f"Spark's class path: {what}. {TODO}"


@pytest.mark.parametrize(
    "text",
    ["no such method", "java.lang.ClassNotFoundException: com.shop.OwnFunction", "NoSuchElement"],
)
def test_other_failures_are_not_blamed_on_jars(text: str) -> None:
    assert jar_fault(text) is None
