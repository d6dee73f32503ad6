"""The operator of a deployed job. Imported only where Airflow and its Databricks provider are."""

from __future__ import annotations

from typing import Any

from airflow.providers.databricks.operators.databricks import DatabricksRunNowOperator

from lakehouse.run.airflow.plan import DagPlan


class RunDeployedJobOperator(DatabricksRunNowOperator):  # type: ignore[misc]
    """Starts a deployed job by its name and waits for it.

    Only parameters that somebody changed are handed over: the others keep the defaults that were
    deployed, whose `{{...}}` references Databricks fills in.
    """

    json: Any

    def __init__(self, *, plan: DagPlan, **kwargs: Any) -> None:
        """Keep the plan; `kwargs` are those of DatabricksRunNowOperator."""
        super().__init__(job_name=plan.remote, **kwargs)
        self.defaults = dict(plan.parameters)
        self.forward_dag_params = False  # newer providers would hand over all of them

    def execute(self, context: Any) -> Any:
        """Run the job with the parameters of this run of the DAG."""
        params = {str(key): str(value) for key, value in dict(context["params"]).items()}
        defaults = self.defaults
        changes = {k: v for k, v in params.items() if k in defaults and v != defaults[k]}
        if changes:
            self.json = {**(self.json or {}), "job_parameters": changes}
        return super().execute(context)
