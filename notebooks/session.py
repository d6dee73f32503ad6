# Databricks notebook source
# MAGIC %md
# MAGIC # A session, from its first click to its basket
# MAGIC
# MAGIC The baskets are recorded; the **clicks around them are simulated**: nobody has made them.
# MAGIC They arrive as those of a web shop do: late, twice, in any order. `silver.clicks` has each
# MAGIC once, `silver.sessions` a row for each visit that is over.

# COMMAND ----------

# DBTITLE 1,The lake, here or on Databricks
import json

import matplotlib.pyplot as plt
from pyspark.sql import functions as F

from lakehouse import open_lake

lake = open_lake(spark, dbutils)
dbutils.widgets.text("basket", "", "The basket that the session led to; empty: the longest one")

# COMMAND ----------

# MAGIC %md
# MAGIC ## How far sessions come
# MAGIC
# MAGIC Most look and leave. Some fill a cart, a few of these reach the checkout, and what is left
# MAGIC orders. (That is how the simulation was made: three sessions without an order for each one.)

# COMMAND ----------

# DBTITLE 1,Sessions by the last step that they reached
sessions = spark.table("gold.session_baskets")
steps = ["view", "cart", "checkout", "order"]
counts = {row["reached"]: row["count"] for row in sessions.groupBy("reached").count().collect()}
at_least = [sum(counts.get(step, 0) for step in steps[at:]) for at in range(len(steps))]
figure, axes = plt.subplots(figsize=(7, 2.4))
axes.barh(steps[::-1], at_least[::-1], color="#4878a8")
axes.bar_label(axes.containers[0], labels=[f"{count:,}" for count in at_least[::-1]], padding=4)
axes.set_title("Simulated sessions that came at least so far", loc="left")
axes.spines[["top", "right"]].set_visible(False)
axes.margins(x=0.12)
plt.show()

# COMMAND ----------

# MAGIC %md
# MAGIC ## One of them
# MAGIC
# MAGIC A session is all that a household clicks without half an hour of silence. It is written when
# MAGIC the watermark (the latest click that had arrived, less two hours) is half an hour past its
# MAGIC last click: what comes of it after that is known to be late.

# COMMAND ----------

# DBTITLE 1,The session
wanted = dbutils.widgets.get("basket")
ordered = sessions.where(f"basket_id = {wanted}" if wanted else "amount IS NOT NULL")
session = ordered.orderBy(F.desc("clicks"), "basket_id").limit(1)
if session.isEmpty():
    dbutils.notebook.exit("no session has led to such a basket yet: let more days arrive")
display(session)

# COMMAND ----------

# DBTITLE 1,Its clicks, and when each was known
one = session.first()
clicks = spark.table("silver.clicks")
own = clicks.join(session.select("household_id", "started_at", "minutes"), "household_id").where(
    "clicked_at BETWEEN started_at AND started_at + make_dt_interval(0, 0, minutes + 1)"
)
names = spark.table("silver.products").where("is_current").select("product_id", "product_type")
walk = own.join(names, "product_id", "left").orderBy("clicked_at")
display(walk.select("clicked_at", "kind", "product_type", "arrived_at", "is_late"))

# COMMAND ----------

# DBTITLE 1,The basket that it led to
lines = spark.table("silver.basket_lines").where(F.col("basket_id") == one["basket_id"])
bought = lines.join(names, "product_id", "left").orderBy(F.desc("amount"), "product_id")
display(bought.select("product_type", "quantity", "amount", "sold_at"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What did not make it
# MAGIC
# MAGIC A click that comes after its session was written is late. It stays in `silver.clicks`, is
# MAGIC counted, and is in no session: *landed = kept + combined + held + late*, where *held* waits
# MAGIC for its session to end.

# COMMAND ----------

# DBTITLE 1,Where the clicks went
columns = ("landed", "kept", "combined", "held", "late")
batches = spark.table("ops.batches").where("table = 'silver.sessions'")
account = batches.select(*(F.coalesce(F.sum(c), F.lit(0)).alias(c) for c in columns)).first()
landed, *went = account
print(f"{landed:,} landed =", " + ".join(map("{:,} {}".format, went, columns[1:])))

# COMMAND ----------

dbutils.notebook.exit(
    json.dumps({"basket": one["basket_id"], "clicks": one["clicks"], "sessions": at_least[0]})
)
