"""What a household bought of a product in a week."""

from __future__ import annotations

from lakehouse import Rebuild, Table, select
from retail.silver import basket_lines

TABLE = Table(
    name="gold.household_products",
    reads=(basket_lines.TABLE,),
    schema="household_id BIGINT, product_id BIGINT, week INT, baskets BIGINT, quantity BIGINT, "
    "amount DECIMAL(18,2), last_sold_on DATE",
    transform=select(__name__),
    write=Rebuild(partition="week"),
)
