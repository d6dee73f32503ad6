-- Lines added up; a basket holds a product once, so lines count baskets.
SELECT
  household_id,
  product_id,
  week,
  count(*) AS baskets,
  sum(quantity) AS quantity,
  sum(amount) AS amount,
  max(sold_on) AS last_sold_on
FROM silver.basket_lines
GROUP BY household_id, product_id, week
