# Databricks notebook source
# MAGIC %md
# MAGIC # Training, and comparing what was trained
# MAGIC
# MAGIC Candidates learn from the same weeks and are judged on later ones. Each is a run in MLflow
# MAGIC with its parameters, its metrics and the version of every table it was given; the best that
# MAGIC passes the gate carries the alias `champion`.

# COMMAND ----------

# DBTITLE 1,What to train
import dataclasses
import json

import matplotlib.pyplot as plt
import mlflow
import pandas as pd
from pyspark.sql import functions as F

from lakehouse import open_lake
from lakehouse.learn.artifact import load_model
from lakehouse.learn.tracking import Tracking
from lakehouse.learn.train import train
from retail.models import churn

names = [each.name for each in churn.MODEL.candidates]
dbutils.widgets.multiselect("candidates", ",".join(names), names, "Candidates")
lake = open_lake(spark, dbutils)
wanted = dbutils.widgets.get("candidates").split(",")
chosen = tuple(each for each in churn.MODEL.candidates if each.name in wanted)
model = dataclasses.replace(churn.MODEL, candidates=chosen)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The split
# MAGIC
# MAGIC It goes by time. Between training and test lie the weeks whose answers are not known yet
# MAGIC when the model is made, so that nothing of the test leaks into it.

# COMMAND ----------

# DBTITLE 1,Weeks to learn from, weeks to be judged on
asked = model.eligible(*(lake.read(table.name) for table in model.reads))
first, last = asked.selectExpr("min(week)", "max(week)").first()
split = model.split.within(first, last)
week = F.col("week")
part = F.when(week < split.train_before, "training").when(week >= split.test_from, "test")
display(
    asked.groupBy(F.coalesce(part, F.lit("left out")).alias("for"))
    .agg(
        F.min("week").alias("from_week"), F.max("week").alias("to_week"), F.count("*").alias("rows")
    )
    .orderBy("from_week")
)

# COMMAND ----------

# DBTITLE 1,Train
trained = train(lake, model, again=True)
print(trained.why)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Better than what takes no model?
# MAGIC
# MAGIC A model is worth its keep only if it beats a rule of thumb: the share of those as long
# MAGIC unseen that stayed away (`recency`), or a household's own pace alone (`pace`).

# COMMAND ----------

# DBTITLE 1,Candidates and baselines
tracking = Tracking(lake.settings)
run = tracking.metrics(trained.champion.run)
baselines = {}
for key, value in run.items():
    if key.startswith("baseline."):
        name, metric = key.removeprefix("baseline.").rsplit(".", 1)
        baselines.setdefault(name, {})[metric] = value
compared = pd.DataFrame({**trained.metrics, **baselines}).T.sort_values(model.choose_by)
display(compared.round(4).rename_axis("who").iloc[::-1])

# COMMAND ----------

# DBTITLE 1,How well they rank households
fig, ax = plt.subplots(figsize=(9, 0.6 + 0.45 * len(compared)))
colours = ["#0969da" if name in trained.metrics else "#9aa4ae" for name in compared.index]
ax.barh(compared.index, compared[model.choose_by], color=colours)
ax.bar_label(ax.containers[0], fmt="%.3f", padding=4)
ax.set(xlabel=f"{model.choose_by} on the test weeks (grey: no model; 0.5: a coin)", xlim=(0.5, 1))
ax.spines[["top", "right"]].set_visible(False)
display(fig)

# COMMAND ----------

# MAGIC %md
# MAGIC ## In MLflow
# MAGIC
# MAGIC The same runs as anyone finds them later, with the data they saw: `version.…` names the
# MAGIC version of a table, and `train(lake, model, at=version)` learns from it again.

# COMMAND ----------

# DBTITLE 1,The newest runs
runs = mlflow.search_runs([tracking.experiment(model.name)], max_results=len(chosen))
tags, params = ["candidate", "version.gold.household_weeks"], ["train_before", "test_from"]
columns = [f"tags.{name}" for name in tags] + [f"params.{name}" for name in params]
shown = runs[[*columns, f"metrics.{model.choose_by}", "metrics.brier"]].round(4)
display(shown.rename(columns=lambda name: name.partition(".")[2]))

# COMMAND ----------

# DBTITLE 1,What the champion leans on
text = mlflow.artifacts.load_text(f"runs:/{trained.champion.run}/drivers.json")
drivers = pd.DataFrame(json.loads(text)[:12], columns=["feature", "weight"]).iloc[::-1]
fig, ax = plt.subplots(figsize=(9, 3.6))
ax.barh(drivers["feature"], drivers["weight"], color="#0969da")
ax.axvline(0, color="#59636e", linewidth=0.8)
ax.set(xlabel="how much it weighs")
ax.spines[["top", "right", "left"]].set_visible(False)
display(fig)

# COMMAND ----------

# DBTITLE 1,The champion answers
answers = load_model(lake, tracking, trained.champion).transform(
    split.test(asked).orderBy("household_id", "week")
)
chance = churn.chance().alias("chance")
display(answers.select("household_id", "week", "recency", chance, "churned").limit(8))

# COMMAND ----------

dbutils.notebook.exit(
    json.dumps({"champion": trained.champion.version, model.choose_by: run[model.choose_by]})
)
