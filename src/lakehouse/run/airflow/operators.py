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

from lakehouse.bundle.graph import Result, decision
from lakehouse.run.airflow.plan import DagPlan, TaskPlan
from lakehouse.run.airflow.project import clean, home_of
from lakehouse.run.airflow.step import Facts

XCOM = "lakehouse"
"""Under this key a task leaves what became of it, its task values included."""

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

    Whether it is the task's turn is decided by Airflow's trigger rule where that means the same as
    the bundle's `run_if`, else here, by the rules that a local run of the bundle has.
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
        """Run the task; what it leaves goes to XCom, its output is returned.

        Raises AirflowSkipException for a task that is left out, AirflowFailException for a failure
        that is not tried again, AirflowException for one that is.
        """
        ti = context["ti"]
        others = self._others(ti)
        self._decide(ti, others)
        found = self._run(context, others)
        ti.xcom_push(key=XCOM, value=asdict(found))
        if found.result == "SUCCESS":
            return found.output
        if found.result == "TIMEDOUT" and self.step.again_if_late:
            raise AirflowException(found.error)
        if found.result == "FAILED":
            raise AirflowException(found.error)
        raise AirflowFailException(found.error)

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

    def _others(self, ti: Any) -> dict[str, Facts]:
        """What became of the tasks above, from XCom, else from their states."""
        names = list(self.step.ancestors)
        if not names:
            return {}
        states = ti.get_task_states(dag_id=self.dag_id, task_ids=names, run_ids=[ti.run_id])
        found = {}
        for name in names:
            state = (states.get(ti.run_id) or {}).get(name)
            result = _RESULTS.get(str(getattr(state, "value", state)))
            if result is None:
                continue
            left = ti.xcom_pull(task_ids=name, key=XCOM)
            facts = Facts(**left) if left else Facts(result)
            marked = result == "SUCCESS" and facts.result != "SUCCESS"  # by a person
            found[name] = Facts(result) if marked else facts
        return found

    def _decide(self, ti: Any, others: Mapping[str, Facts]) -> None:
        """Go on if it is the task's turn; else leave it out, or let it fail as those above did."""
        if not self.step.turn:
            return
        results: dict[str, Any] = {key: facts.result for key, facts in others.items()}
        outcomes = {key: facts.outcome for key, facts in others.items() if facts.outcome}
        turn = decision(self.step.turn, results, outcomes)
        if turn == "run":
            return
        ti.xcom_push(key=XCOM, value=asdict(Facts(turn, attempts=0)))
        if turn in ("EXCLUDED", "DISABLED"):
            raise AirflowSkipException(f"left out: {turn.lower()}")
        raise AirflowFailException(f"not run: {turn}")

    def _run(self, context: Any, others: Mapping[str, Facts]) -> Facts:
        run = context["dag_run"]
        given = {str(key): str(value) for key, value in dict(context["params"]).items()}
        usual = self.plan.parameters
        with tempfile.TemporaryDirectory(prefix="lakehouse-airflow-") as place:
            answer = Path(place) / "answer.json"
            asked = {
                "bundle": str(self.plan.bundle),
                "target": self.plan.target,
                "job": self.plan.job,
                "task": self.step.key,
                "run": run.run_id,
                "started": (run.start_date or run.run_after).isoformat(),
                "variables": dict(self.plan.variables),
                "parameters": {k: v for k, v in given.items() if k in usual and v != usual[k]},
                "others": {key: asdict(facts) for key, facts in others.items()},
                "attempt": context["ti"].try_number,
                "answer": str(answer),
            }
            code = self._call(json.dumps(asked))
            if not answer.is_file():
                return Facts("FAILED", f"{self.python} ended with exit code {code}: see above why")
            return Facts(**json.loads(answer.read_text(encoding="utf-8")))

    def _call(self, asked: str) -> int:
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
            process.stdin.write(asked)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it says why it did not begin
        for line in process.stdout:
            self.log.info(line.rstrip())
        return process.wait()
