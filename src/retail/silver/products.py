"""The products of the range, and how each was described when."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse import Expectation, History, Table
from retail.bronze import products


def transform(raw: DataFrame) -> DataFrame:
    """Text to types."""
    return products.SOURCE.parse(raw).selectExpr(
        "try_cast(product_id AS BIGINT) AS product_id",
        "try_cast(manufacturer_id AS BIGINT) AS manufacturer_id",
        "department",
        "brand",
        "product_category AS category",
        "product_type",
        "package_size",
        "arrived_at AS valid_from",
        "try_cast(deleted AS BOOLEAN) AS deleted",
        "_record",
    )


TABLE = Table(
    name="silver.products",
    reads=(products.TABLE,),
    schema="product_id BIGINT, manufacturer_id BIGINT, department STRING, brand STRING, "
    "category STRING, product_type STRING, package_size STRING, valid_from TIMESTAMP",
    transform=transform,
    expect=(
        Expectation("a product has a number", "product_id IS NOT NULL"),
        Expectation("a product belongs to a department", "department IS NOT NULL"),
        Expectation("a brand is national or private", "brand IN ('National', 'Private')"),
    ),
    write=History(keys=("product_id",), sequence_by="valid_from", gone="deleted"),
)
