-- As silver.sales, of records as their source parses them.
SELECT
  try_cast(id AS BIGINT) AS id,
  item,
  try_cast(week AS INT) AS week,
  try_cast(amount AS DECIMAL(8, 2)) AS amount,
  arrived_at,
  _record
FROM bronze.sales
