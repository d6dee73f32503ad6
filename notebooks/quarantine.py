# Databricks notebook source
# MAGIC %md
# MAGIC # A bad delivery, found in quarantine
# MAGIC
# MAGIC A till sends a file with broken lines. What happens to them, where does one find them, and
# MAGIC how are they mended? The delivery lands in a lake of its own, so that yours stays as it is.

# COMMAND ----------

# DBTITLE 1,A lake to try things in
import json

from pyspark.sql import functions as F

from lakehouse import open_lake, scratch_lake
from lakehouse.flow.refresh import refresh
from retail.bronze import baskets
from retail.silver import basket_lines

dbutils.widgets.text("folder", "", "An empty folder to work in")
lake = scratch_lake(open_lake(spark, dbutils), dbutils.widgets.get("folder"))
arrivals = lake.place.arrivals("baskets")
tables = [baskets.TABLE, basket_lines.TABLE]

# COMMAND ----------

# MAGIC %md
# MAGIC ## Six lines land
# MAGIC
# MAGIC Two are fine. One has a word for a quantity, one a negative amount, one belongs to nobody,
# MAGIC and the last was cut off on its way.

# COMMAND ----------

# DBTITLE 1,The file as the till sent it
till = {
    "basket_id": 1, "product_id": 70, "household_id": 9, "store_id": 3, "week": 2,
    "transaction_timestamp": "2017-01-02T17:30:00Z", "quantity": 2, "sales_value": 3.98,
    "retail_disc": 0, "coupon_disc": 0, "coupon_match_disc": 0,
}  # fmt: skip
lines = [
    till,
    {**till, "product_id": 71, "sales_value": 1.5},
    {**till, "product_id": 72, "quantity": "two"},
    {**till, "product_id": 73, "sales_value": -1},
    {**till, "product_id": 74, "household_id": None},
]
text = "\n".join([*map(json.dumps, lines), json.dumps(till)[:60]]) + "\n"
dbutils.fs.mkdirs(arrivals)
dbutils.fs.put(f"{arrivals}/baskets-2017-01-02.jsonl", text)

# COMMAND ----------

# DBTITLE 1,What became of them
refresh(lake, tables)
batches = lake.read("ops.batches").orderBy("finished_at")
counts = ["landed", "kept", "quarantined", "duplicate", "dropped", "passed_over"]
account = ["table", *counts, "rules"]
display(batches.select(account))

# COMMAND ----------

# MAGIC %md
# MAGIC Bronze has all six: it keeps a record as it came, whatever it is. Silver took in what is
# MAGIC sound, and nothing was dropped without a word.

# COMMAND ----------

# DBTITLE 1,What was kept
kept = lake.read("silver.basket_lines")
display(kept.select("basket_id", "product_id", "household_id", "quantity", "amount", "sold_on"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## In quarantine
# MAGIC
# MAGIC A row that breaks a rule is set aside with the names of all the rules it breaks and with the
# MAGIC record as it landed: enough to see who has to mend what.

# COMMAND ----------

# DBTITLE 1,Which rules were broken
quarantine = lake.read("ops.quarantine")
rules = quarantine.select(F.explode("rules").alias("rule"), "record").groupBy("rule")
display(rules.agg(F.count("*").alias("rows")).orderBy(F.desc("rows"), "rule"))

# COMMAND ----------

# DBTITLE 1,By which records
display(quarantine.select(F.array_join("rules", "; ").alias("rules"), "record").orderBy("record"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Mended
# MAGIC
# MAGIC The till sends the day once more, as one file of five good lines. Two of them were there
# MAGIC already: the newer ones take their place, so nothing is sold twice. What lies in quarantine
# MAGIC stays there, as a record of what happened.

# COMMAND ----------

# DBTITLE 1,The day again
mended = [{**till, "product_id": 70 + number} for number in range(5)]
mended[1]["sales_value"] = 1.5
text = "".join(f"{json.dumps(line)}\n" for line in mended)
dbutils.fs.put(f"{arrivals}/baskets-2017-01-02-again.jsonl", text)
refresh(lake, tables)
display(batches.select(account))

# COMMAND ----------

# DBTITLE 1,The whole account
totals = batches.where("table = 'silver.basket_lines'").agg(*(F.sum(c).alias(c) for c in counts))
landed, *others = totals.first()
print(f"{landed} landed =", " + ".join(map("{} {}".format, others, counts[1:])))
held = lake.read("silver.basket_lines").count()
print(f"{held} basket lines in silver, one for each product that was sold")

# COMMAND ----------

dbutils.fs.rm(arrivals.removesuffix("/landing/baskets"), recurse=True)
dbutils.notebook.exit(json.dumps({"rows": held, "landed": landed, "quarantined": others[1]}))
