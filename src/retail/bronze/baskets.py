"""The lines of the day's baskets, a JSON line each, one file a day."""

from lakehouse import Source, bronze

SOURCE = Source(
    name="baskets",
    schema="basket_id STRING, product_id STRING, household_id STRING, store_id STRING, "
    "week STRING, transaction_timestamp STRING, quantity STRING, sales_value STRING, "
    "retail_disc STRING, coupon_disc STRING, coupon_match_disc STRING",
)

TABLE = bronze(SOURCE)
