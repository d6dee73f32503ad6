"""The product range and its changes, in JSON lines; `deleted` says that a product is gone."""

from lakehouse import Source, bronze

SOURCE = Source(
    name="products",
    schema="product_id STRING, manufacturer_id STRING, department STRING, brand STRING, "
    "product_category STRING, product_type STRING, package_size STRING, deleted STRING",
)

TABLE = bronze(SOURCE)
