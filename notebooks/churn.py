# Databricks notebook source
# MAGIC %md
# MAGIC # Who stays away?
# MAGIC
# MAGIC At the end of every week each household is asked about: will it buy nothing in the next 28
# MAGIC days? `gold.household_weeks` holds what was known by then, and `gold.churn_labels` holds the
# MAGIC answer, once it is known.

# COMMAND ----------

# DBTITLE 1,The lake, here or on Databricks
import json

import matplotlib.pyplot as plt
from pyspark.sql import functions as F

from lakehouse import open_lake
from retail.models import churn

lake = open_lake(spark, dbutils)
asked = spark.table("gold.household_weeks").join(
    spark.table("gold.churn_labels"), on=["household_id", "week", "as_of"]
)

# COMMAND ----------

# DBTITLE 1,How many, by week
# MAGIC %sql
# MAGIC SELECT week, as_of, count(*) AS households, sum(churned) AS stayed_away,
# MAGIC   round(avg(churned), 3) AS share
# MAGIC FROM gold.churn_labels
# MAGIC GROUP BY week, as_of
# MAGIC ORDER BY week

# COMMAND ----------

# MAGIC %md
# MAGIC ## Silence, and unusual silence
# MAGIC
# MAGIC The longer a household was not seen, the less likely it comes back. But two weeks mean
# MAGIC little for one that comes every month, and much for one that comes every other day. So the
# MAGIC right plot asks its own pace: how likely are 28 quiet days for a household that comes as
# MAGIC often as this one did of late? The farther apart the dots, the more a measure tells; were
# MAGIC the pace all there is to know, they would lie on the dotted line.

# COMMAND ----------

# DBTITLE 1,The share that stays away, by days and by pace
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
silences = {
    "days since the last visit (56: or more)": F.least(
        F.floor(F.col("recency") / 7) * 7, F.lit(56)
    ),
    "chance of 28 quiet days, by its own pace": F.round(
        1 / (1 + F.exp(-F.col("quiet_odds_28d"))), 1
    ),
}
for ax, (label, silence) in zip(axes, silences.items(), strict=True):
    shares = (
        asked.groupBy(silence.cast("double").alias("silence"))
        .agg(F.avg("churned").alias("share"), F.count("*").alias("rows"))
        .dropna()
        .orderBy("silence")
        .toPandas()
    )
    ax.plot(shares["silence"], shares["share"], color="#9aa4ae", zorder=1)
    ax.scatter(
        shares["silence"], shares["share"], s=12 + 300 * shares["rows"] / shares["rows"].sum()
    )
    ax.set(xlabel=label, ylim=(0, 1))
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("share that stays away")
axes[1].plot([0, 1], [0, 1], color="#59636e", linestyle=":", linewidth=1)
fig.suptitle("a dot is as large as the group it stands for", fontsize=9, color="#59636e")
display(fig)

# COMMAND ----------

# MAGIC %md
# MAGIC ## By what they spend
# MAGIC
# MAGIC Household-weeks in quarters of equal size, by what was spent in the four weeks before.

# COMMAND ----------

# DBTITLE 1,By spending
# MAGIC %sql
# MAGIC WITH quarters AS (
# MAGIC   SELECT *, ntile(4) OVER (ORDER BY amount_4) AS quarter
# MAGIC   FROM gold.household_weeks JOIN gold.churn_labels USING (household_id, week)
# MAGIC )
# MAGIC SELECT quarter, round(min(amount_4), 2) AS least, round(max(amount_4), 2) AS most,
# MAGIC   count(*) AS household_weeks, round(avg(churned), 3) AS share_away
# MAGIC FROM quarters
# MAGIC GROUP BY quarter
# MAGIC ORDER BY quarter

# COMMAND ----------

# MAGIC %md
# MAGIC ## What the champion says of today
# MAGIC
# MAGIC Scores are only ever added, so the newest of each household counts. A tier comes with the
# MAGIC plainest reason for it, and with what the shop could do.

# COMMAND ----------

# DBTITLE 1,Tiers and reasons
said = F.struct("probability", "tier", "reason", "action", "as_of")
scores = spark.table("gold.churn_scores").groupBy("household_id")
newest = scores.agg(F.max_by(said, "scored_at").alias("said")).select("household_id", "said.*")
display(
    newest.groupBy("tier", "reason")
    .agg(F.count("*").alias("households"), F.round(F.avg("probability"), 3).alias("chance"))
    .orderBy(F.desc("chance"))
)

# COMMAND ----------

# DBTITLE 1,The ten to call first
display(newest.orderBy(F.desc("probability"), "household_id").limit(10))

# COMMAND ----------

# DBTITLE 1,How sure it is
chances = newest.select("probability").toPandas()["probability"]
fig, ax = plt.subplots(figsize=(9, 2.8))
ax.hist(chances, bins=40, range=(0, 1), color="#0969da")
for limit in (churn.MEDIUM, churn.HIGH):
    ax.axvline(limit, color="#59636e", linestyle=":", linewidth=1)
ax.set(xlabel="chance to stay away; the dotted lines part the tiers", ylabel="households")
ax.set_yscale("symlog")
ax.spines[["top", "right"]].set_visible(False)
display(fig)

# COMMAND ----------

share = asked.agg(F.avg("churned")).first()[0]
high = newest.where("tier = 'High'").count()
dbutils.notebook.exit(json.dumps({"share_away": round(share, 4), "high": high}))
