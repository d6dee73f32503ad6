"""The product range, a snapshot in JSON lines."""

from lakehouse import Source, bronze

SOURCE = Source(
    name="products",
    schema="product_id STRING, manufacturer_id STRING, department STRING, brand STRING, "
    "product_category STRING, product_type STRING, package_size STRING",
)

TABLE = bronze(SOURCE)
