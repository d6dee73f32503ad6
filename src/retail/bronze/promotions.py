"""Where each store shows a product in a week, one Parquet file a week."""

from lakehouse import Source, bronze

SOURCE = Source(
    name="promotions",
    schema="product_id BIGINT, store_id BIGINT, display_location STRING, mailer_location STRING, "
    "week BIGINT",
    format="parquet",
)

TABLE = bronze(SOURCE)
