"""What Spark needs for files on S3: jars of their own, and settings by which failures speak soon.

Where S3 is and who asks come from the environment, as for every tool of AWS: AWS_ENDPOINT_URL,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN are read by Spark itself, which
sends them to its executors with the files to read. They never stand in a setting of ours.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lakehouse.spark.jars import jar_paths, jars_folder

FOLDER = "s3"
"""The folder of S3's jars, below that of the others."""

SETTINGS = "spark.hadoop.fs.s3a."

PATIENCE = {
    # S3A takes no shorter time-outs than these. A part of a large file has its own, of minutes.
    "connection.establish.timeout": "15s",
    "connection.timeout": "15s",
    "connection.request.timeout": "15s",
    # Tries of one request, within its time: a lost answer or an error of S3's is tried again.
    "attempts.maximum": "5",
    # Beyond those, none: of its own S3A asks a service that is away for many minutes.
    "retry.limit": "0",
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
