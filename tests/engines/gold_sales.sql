WITH sold AS (SELECT week, item, amount FROM silver.sales)
SELECT
  week,
  item,
  CAST(sum(amount) AS DECIMAL(18, 2)) AS amount
FROM sold
GROUP BY week, item
