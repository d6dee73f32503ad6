"""The clicks that were sent on a day, a JSON line each. They are simulated: see `retail.replay`."""

from lakehouse import Source, bronze

SOURCE = Source(
    name="clicks",
    schema="click_id STRING, household_id STRING, kind STRING, product_id STRING, "
    "basket_id STRING, clicked_at STRING, sent_at STRING",
)

TABLE = bronze(SOURCE)
