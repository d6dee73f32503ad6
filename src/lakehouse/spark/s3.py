"""What Spark needs for files on S3: jars of their own, and settings by which failures speak soon.

Where S3 is and who asks come from the environment, as for every tool of AWS: AWS_ENDPOINT_URL,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN are read by Spark itself, which
sends them to its executors with the files to read. They never stand in a setting of ours.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from lakehouse.base.errors import LakehouseError
from lakehouse.spark.jars import jar_paths, jars_folder

FOLDER = "s3"
"""The folder of S3's jars, below that of the others."""

SETTINGS = "spark.hadoop.fs.s3a."

WAIT = 10.0
"""Seconds that S3 may take to answer at all."""

PATIENCE = {
    # S3A takes no shorter time-outs than these. A part of a large file has its own, of minutes.
    "connection.establish.timeout": "15s",
    "connection.timeout": "15s",
    "connection.request.timeout": "15s",
    # More tries of one request, within its time: where an answer is lost, or S3 has an error.
    "attempts.maximum": "5",
    # Beyond those, none: of its own S3A asks a service that is away for many minutes.
    "retry.limit": "0",
    # But where it says that it is asked too often: it would wait 20 times, twice as long each time.
    "retry.throttle.limit": "2",
}
"""How long S3 is asked before a failure is told: under 20 seconds a request."""

ONE_CLIENT = {"optimized.copy.from.local.enabled": "false"}
"""Files of this machine are sent as all others are. The SDK's second client, which S3A has for
them, takes `100 Continue` for the answer where more than one network packet brings it."""


def on_s3(*addresses: str) -> bool:
    """Whether any of these is on S3, as Spark calls it."""
    return any(address.startswith("s3a://") for address in addresses)


def s3_jars() -> list[Path]:
    """The jars that `make s3` fetched; none where it was not called."""
    folder = jars_folder()
    return jar_paths(folder / FOLDER) if folder else []


def s3_conf(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Spark's settings for S3: where it is, where the environment says so, and our patience.

    Another address than Amazon's own has no host for each bucket: the bucket is in the path there.
    """
    conf = PATIENCE | ONE_CLIENT
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    if endpoint:
        conf |= {"endpoint": endpoint, "path.style.access": "true"}
    if region := environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION"):
        conf["endpoint.region"] = region
    return {f"{SETTINGS}{key}": value for key, value in conf.items()}


def check_answers(conf: Mapping[str, str]) -> None:
    """Raise LakehouseError where the S3 of these settings gives no answer of any kind.

    Before Spark starts, which takes its own seconds to find out. Only of an address that is named:
    to Amazon's own the way may lead through a proxy that only Java knows.
    """
    endpoint = conf.get(f"{SETTINGS}endpoint", "")
    parts = urlsplit(endpoint)
    if not parts.hostname:
        return
    # Whether its certificate is good is for Java to judge, which has certificates of its own.
    connection = (
        HTTPConnection(parts.hostname, parts.port, timeout=WAIT)
        if parts.scheme == "http"
        else HTTPSConnection(
            parts.hostname, parts.port, timeout=WAIT, context=ssl._create_unverified_context()
        )
    )
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
    except (OSError, HTTPException) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else str(error)
        why = error.strerror if isinstance(error, OSError) and error.strerror else why
        raise LakehouseError(
            f"S3 does not answer: {why or type(error).__name__}",
            endpoint,
            "see that it is up, or mend AWS_ENDPOINT_URL; then run again",
        ) from None
    finally:
        connection.close()
