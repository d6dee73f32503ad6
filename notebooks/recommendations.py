# Databricks notebook source
# MAGIC %md
# MAGIC # What to offer a household
# MAGIC
# MAGIC Two lists of ten for everyone: of all products, and of those new to them. The first one
# MAGIC reminds, the second one surprises, and it is the harder of the two.

# COMMAND ----------

# DBTITLE 1,Whom to look at
import json

import matplotlib.pyplot as plt
import pandas as pd
from pyspark.sql import functions as F

from lakehouse import open_lake
from lakehouse.terminal.summary import metrics

lake = open_lake(spark, dbutils)
dbutils.widgets.text("household", "", "Household; else the one with the lowest number")
lists = spark.table("gold.recommendations")
household = int(dbutils.widgets.get("household") or lists.agg(F.min("household_id")).first()[0])
kind = F.coalesce("product_type", "category", "department")
products = (
    spark.table("silver.products")
    .where("is_current")
    .select(
        "product_id",
        "department",
        F.initcap(F.concat_ws(" ", kind, "package_size")).alias("product"),
    )
)

# COMMAND ----------

# DBTITLE 1,What it has bought most often
bought = spark.table("gold.household_products").where(F.col("household_id") == household)
often = bought.groupBy("product_id").agg(
    F.count("*").alias("weeks"),
    F.sum("amount").alias("amount"),
    F.max("last_sold_on").alias("last"),
)
display(
    often.join(products, "product_id", "left")
    .select("product", "weeks", "amount", "last")
    .orderBy(F.desc("weeks"), F.desc("amount"))
    .limit(10)
)

# COMMAND ----------

# DBTITLE 1,What it would be offered
newest = lists.where(F.col("household_id") == household).withColumn(
    "newest", F.expr("max(scored_at) OVER (PARTITION BY setting)")
)
offers = newest.where("scored_at = newest").join(products, "product_id", "left")
display(
    offers.groupBy("rank")
    .pivot("setting", ["all", "new"])
    .agg(F.first("product").alias("product"), F.round(F.first("score"), 3).alias("chance"))
    .orderBy("rank")
)

# COMMAND ----------

# DBTITLE 1,Nothing in the second list was bought before
new = offers.where("setting = 'new'").select("product_id", "as_of")
known = new.join(bought, "product_id").where("last_sold_on < as_of").count()
assert known == 0, f"{known} products of the list of new ones were bought before"

# COMMAND ----------

# MAGIC %md
# MAGIC ## Does everybody get the same?
# MAGIC
# MAGIC A list of best sellers would often be right, and boring. How the departments share the
# MAGIC offers, beside how they share what is bought, tells where the lists go their own way.

# COMMAND ----------

# DBTITLE 1,Shares of the departments
offered = lists.join(products, "product_id").groupBy("department").pivot("setting", ["all", "new"])
sold = spark.table("gold.household_products").join(products, "product_id").groupBy("department")
shares = (
    offered.count()
    .join(sold.agg(F.count("*").alias("bought")), "department", "full")
    .fillna(0)
    .orderBy(F.desc("bought"))
    .limit(8)
    .toPandas()
    .set_index("department")[["bought", "all", "new"]]
)
shares = shares / shares.sum()
fig, ax = plt.subplots(figsize=(9, 3.8))
shares.iloc[::-1].plot.barh(ax=ax, color=["#9aa4ae", "#0969da", "#d4a72c"], width=0.75)
ax.set(xlabel="share", ylabel="")
ax.legend(["bought", "offered: all", "offered: new"], frameon=False)
ax.spines[["top", "right"]].set_visible(False)
display(fig)

# COMMAND ----------

# DBTITLE 1,Different products on all lists together
# MAGIC %sql
# MAGIC SELECT setting, count(DISTINCT household_id) AS households,
# MAGIC   count(DISTINCT product_id) AS different_products, mode(reason) AS most_frequent_reason
# MAGIC FROM gold.recommendations
# MAGIC GROUP BY setting
# MAGIC ORDER BY setting

# COMMAND ----------

# MAGIC %md
# MAGIC ## How good are they?
# MAGIC
# MAGIC Judged on the weeks after the training, beside lists that take no model.
# MAGIC `ndcg_at_10`: are the products that were bought later on the list, and near its top?

# COMMAND ----------

# DBTITLE 1,The champion (*) and the baselines
judged = metrics(lake.settings, "recommendations")
if judged is None:
    print("no model has been trained here yet")
else:
    display(pd.DataFrame(judged.rows.values, columns=list(judged.rows.columns)).round(4))

# COMMAND ----------

dbutils.notebook.exit(json.dumps({"household": household, "offers": offers.count()}))
