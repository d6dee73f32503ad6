"""The operators of the DAGs. This page is imported only where Airflow is installed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from lakehouse.bundle.data_folder import home_of
from lakehouse.bundle.graph import Result, decision
from lakehouse.run.airflow.plan import DagPlan, TaskPlan
from lakehouse.run.airflow.project import clean
from lakehouse.run.airflow.step import StepReport

XCOM = "lakehouse"
"""Under this key the report of a task is found, with its task values."""

GRACE = 15.0
"""Seconds a task that is stopped may take to end by itself."""

_RESULTS: dict[str, Result] = {
    "success": "SUCCESS",
    "failed": "FAILED",
    "upstream_failed": "UPSTREAM_FAILED",
    "skipped": "EXCLUDED",
    "removed": "EXCLUDED",
}


class BundleTaskOperator(BaseOperator):  # type: ignore[misc]
    """Runs one task of a bundle's job, in the project's own Python.

    Airflow's trigger rule decides whether the task is run, where that rule means the same as the
    bundle's `run_if`; elsewhere the operator decides, by the rules of a local run.
    """

    ui_color = "#e8f4ec"

    def __init__(self, *, plan: DagPlan, step: TaskPlan, python: str, **kwargs: Any) -> None:
        """Keep what to run; `kwargs` are those of any operator."""
        super().__init__(**kwargs)
        self.plan = plan
        self.step = step
        self.python = python
        self._process: subprocess.Popen[str] | None = None

    def execute(self, context: Any) -> Any:
        """Run the task; its report goes to XCom, its output is returned.

        Raises AirflowSkipException for a task that is left out, AirflowFailException for a failure
        that is not tried again, AirflowException for one that is.
        """
        ti = context["ti"]
        others = self._others(ti)
        self._decide(ti, others)
        report = self._run(context, others)
        ti.xcom_push(key=XCOM, value=asdict(report))
        if report.result == "SUCCESS":
            return report.output
        if report.result == "TIMEDOUT" and self.step.retry_on_timeout:
            raise AirflowException(report.error)
        if report.result == "FAILED":
            raise AirflowException(report.error)
        raise AirflowFailException(report.error)

    def on_kill(self) -> None:
        """Stop the task: cleanly, and if it does not end, at once."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)

    def _others(self, ti: Any) -> dict[str, StepReport]:
        """The reports of the tasks above, from XCom, else from their states."""
        names = list(self.step.ancestors)
        if not names:
            return {}
        states = ti.get_task_states(dag_id=self.dag_id, task_ids=names, run_ids=[ti.run_id])
        reports = {}
        for name in names:
            state = (states.get(ti.run_id) or {}).get(name)
            result = _RESULTS.get(str(getattr(state, "value", state)))
            if result is None:
                continue
            values = ti.xcom_pull(task_ids=name, key=XCOM)
            report = StepReport(**values) if values else StepReport(result)
            set_by_hand = result == "SUCCESS" and report.result != "SUCCESS"
            reports[name] = StepReport(result) if set_by_hand else report
        return reports

    def _decide(self, ti: Any, others: Mapping[str, StepReport]) -> None:
        """Return if the task is to be run; else leave it out, or let it fail as those above did."""
        if not self.step.conditions:
            return
        results: dict[str, Any] = {key: report.result for key, report in others.items()}
        outcomes = {key: each.outcome for key, each in others.items() if each.outcome}
        turn = decision(self.step.conditions, results, outcomes)
        if turn == "run":
            return
        ti.xcom_push(key=XCOM, value=asdict(StepReport(turn, attempts=0)))
        if turn in ("EXCLUDED", "DISABLED"):
            raise AirflowSkipException(f"left out: {turn.lower()}")
        raise AirflowFailException(f"not run: {turn}")

    def _run(self, context: Any, others: Mapping[str, StepReport]) -> StepReport:
        run = context["dag_run"]
        params = {str(key): str(value) for key, value in dict(context["params"]).items()}
        defaults = self.plan.parameters
        changes = {k: v for k, v in params.items() if k in defaults and v != defaults[k]}
        with tempfile.TemporaryDirectory(prefix="lakehouse-airflow-") as place:
            answer = Path(place) / "answer.json"
            request = {
                "bundle": str(self.plan.bundle),
                "target": self.plan.target,
                "job": self.plan.job,
                "task": self.step.key,
                "run": run.run_id,
                "started": (run.start_date or run.run_after).isoformat(),
                "variables": dict(self.plan.variables),
                "parameters": changes,
                "others": {key: asdict(report) for key, report in others.items()},
                "attempt": context["ti"].try_number,
                "answer": str(answer),
            }
            code = self._call(json.dumps(request))
            if not answer.is_file():
                return StepReport(
                    "FAILED", f"{self.python} ended with exit code {code}: see above why"
                )
            return StepReport(**json.loads(answer.read_text(encoding="utf-8")))

    def _call(self, request: str) -> int:
        """Start the project's Python, log what it prints, return its exit code."""
        self._process = process = subprocess.Popen(
            [self.python, "-m", "lakehouse.run.airflow.step"],
            cwd=home_of(self.plan.bundle),
            env=clean(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(request)
            process.stdin.close()
        except BrokenPipeError:
            pass  # the process has ended, and prints why
        for line in process.stdout:
            self.log.info(line.rstrip())
        return process.wait()
