"""Bundles as Airflow DAGs: a DAG a job, an operator a task. Airflow does the scheduling.

In a file of Airflow's `dags` folder:

    from lakehouse.run.airflow import dags

    globals().update(dags("/path/to/bundles/orders", target="local"))
"""

from lakehouse.run.airflow.build import dags
from lakehouse.run.airflow.plan import DagPlan, TaskPlan, plans

__all__ = ["DagPlan", "TaskPlan", "dags", "plans"]
