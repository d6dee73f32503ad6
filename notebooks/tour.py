# Databricks notebook source
# MAGIC %md
# MAGIC # A tour of the lake
# MAGIC
# MAGIC Files arrive every day. **Bronze** keeps each record as it came, **silver** holds what is
# MAGIC typed and checked, **gold** answers questions, **ops** accounts for every row on the way.
# MAGIC This notebook reads a little of each; it changes nothing.

# COMMAND ----------

# DBTITLE 1,The lake, here or on Databricks
import json

import matplotlib.pyplot as plt
from pyspark.sql import functions as F

from lakehouse import open_lake

lake = open_lake(spark, dbutils)
dbutils.widgets.text("departments", "5", "Departments in the plot")

# COMMAND ----------

# MAGIC %md
# MAGIC ## No row gets lost
# MAGIC
# MAGIC Every batch says what became of the rows that landed: *landed = kept + quarantined +
# MAGIC duplicate + dropped + passed over*. Of events there are *late* ones, some *held* until their
# MAGIC session is over, and those *combined* in it. A run whose sums do not come out fails, so that
# MAGIC `lost` is 0 in every line.

# COMMAND ----------

# DBTITLE 1,Accounts by table
# MAGIC %sql
# MAGIC SELECT table, count(*) AS batches, sum(landed) AS landed, sum(kept) AS kept,
# MAGIC   sum(quarantined) AS quarantined, sum(duplicate) AS duplicate, sum(dropped) AS dropped,
# MAGIC   coalesce(sum(passed_over), 0) AS passed_over,
# MAGIC   coalesce(sum(late + held + combined), 0) AS events,
# MAGIC   sum(landed + coalesce(added, 0) - kept - quarantined - duplicate - dropped
# MAGIC     - coalesce(passed_over, 0) - coalesce(late + held + combined, 0)) AS lost,
# MAGIC   round(sum(seconds), 1) AS seconds
# MAGIC FROM ops.batches
# MAGIC GROUP BY table
# MAGIC ORDER BY array_position(array('bronze', 'silver', 'gold'), split_part(table, '.', 1)), table

# COMMAND ----------

# MAGIC %md
# MAGIC ## From a line of JSON to a typed row
# MAGIC
# MAGIC The same basket line twice: in bronze it is text, with the file it came from; in silver its
# MAGIC columns have types, times are in UTC, and `sold_on` is the day it was in the shop.

# COMMAND ----------

# DBTITLE 1,Bronze: as it came
line = spark.table("silver.basket_lines").orderBy("sold_at", "basket_id", "product_id").limit(1)
keys = [F.get_json_object("record", f"$.{key}").alias(key) for key in ("basket_id", "product_id")]
file = F.regexp_extract("source_file", "[^/]+$", 0).alias("file")
bronze = spark.table("bronze.baskets").select("record", file, "arrived_at", *keys)
display(bronze.join(line, ["basket_id", "product_id"], "left_semi").drop("basket_id", "product_id"))

# COMMAND ----------

# DBTITLE 1,Silver: what it means
display(line.select("basket_id", "product_id", "sold_at", "sold_on", "quantity", "amount"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What was sold
# MAGIC
# MAGIC `gold.daily_sales` has a row for each day, store and department. A week runs from Monday to
# MAGIC Sunday; the first one of the year has a single day, and the last may not be over.

# COMMAND ----------

# DBTITLE 1,The departments that sell most
sales = spark.table("gold.daily_sales")
most = (
    sales.groupBy("department")
    .agg(F.sum("amount").alias("amount"), F.sum("baskets").alias("baskets"))
    .orderBy(F.desc("amount"))
    .limit(int(dbutils.widgets.get("departments")))
)
display(most)

# COMMAND ----------

# DBTITLE 1,Their sales by week
by_week = (
    sales.join(most.select("department"), "department")
    .groupBy("week", "department")
    .agg(F.sum("amount").cast("double").alias("amount"))
    .toPandas()
    .pivot(index="week", columns="department", values="amount")
    .sort_index()
)
by_week = by_week[by_week.sum().sort_values(ascending=False).index]
fig, ax = plt.subplots(figsize=(9, 4))
for department in by_week:
    ax.plot(by_week.index, by_week[department] / 1000, marker=".", label=department.title())
ax.set(xlabel="week", ylabel="sales, thousand dollars", ylim=(0, None))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
display(fig)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What the models say
# MAGIC
# MAGIC Scores are rows too. Each carries the model, its version and the version of the table it was
# MAGIC made from, so that any of them can be made again.

# COMMAND ----------

# DBTITLE 1,Households by how likely they are to stay away
# MAGIC %sql
# MAGIC SELECT tier, count(*) AS households, round(avg(probability), 3) AS average_chance,
# MAGIC   mode(action) AS most_frequent_action, max(version) AS model_version,
# MAGIC   max(feature_version) AS table_version
# MAGIC FROM gold.churn_scores
# MAGIC GROUP BY tier
# MAGIC ORDER BY average_chance DESC

# COMMAND ----------

# MAGIC %md
# MAGIC ## Nothing is forgotten
# MAGIC
# MAGIC Each change of a table is a version, and an old version can be read like the new one.

# COMMAND ----------

# DBTITLE 1,How a table came to be
history = spark.sql("DESCRIBE HISTORY silver.products")
display(history.select("version", "timestamp", "operation", "operationMetrics.numOutputRows"))

# COMMAND ----------

# DBTITLE 1,Then and now
then, now = lake.read("silver.products", version=0).count(), lake.read("silver.products").count()
print(f"silver.products held {then:,} versions of products at first, and holds {now:,} now")

# COMMAND ----------

weeks = sales.agg(F.min("week"), F.max("week"), F.sum("amount")).first()
dbutils.notebook.exit(
    json.dumps({"first_week": weeks[0], "last_week": weeks[1], "amount": float(weeks[2])})
)
