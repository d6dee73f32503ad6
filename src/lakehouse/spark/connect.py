"""Reaching a Spark that runs elsewhere, through Spark Connect."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lakehouse.base.errors import LakehouseError
from lakehouse.base.failing import without_codes
from lakehouse.spark.engine import is_connect

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PORT = 15002
"""The port of a Spark Connect server where its address names none."""

WAIT = 10.0
"""Seconds that a server may take to answer at all."""


def connected(address: str) -> SparkSession:
    """The session of a server, `sc://host:port/;token=...`; the same one for every thread.

    Raises LakehouseError where the packages that it takes are missing, where nothing answers, or
    where it is of another version than this client.
    """
    from pyspark import __version__
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    where = _without_secrets(address)
    try:
        import pyspark.sql.connect.session  # noqa: F401
    except ImportError as error:
        raise LakehouseError(
            f"Spark Connect cannot be spoken: {str(error).splitlines()[0]}",
            where,
            "install the engine's wheel as lakehouse-*.whl[connect]",
        ) from None
    _check_reachable(address, where)
    try:
        # Through the builder of all: it also has pyspark's functions speak Connect from now on.
        spark = SparkSession.builder.remote(address).getOrCreate()
        version = spark.version
    except PySparkException as error:
        raise LakehouseError(
            f"the Spark Connect server does not let us in: {_plain(error)}",
            where,
            "see that it is a Spark Connect server and that its token is right",
        ) from None
    if version.split(".")[:2] != __version__.split(".")[:2]:
        spark.stop()
        raise LakehouseError(
            f"the Spark Connect server is of version {version}, and this client of {__version__}",
            where,
            f"start a server of Spark {__version__}, or install pyspark=={version} here",
        )
    return spark


def make_active(spark: SparkSession) -> None:
    """Makes a session of Spark Connect the one of this thread, which MLlib asks for."""
    if is_connect(spark):
        type(spark)._set_default_and_active_session(spark)  # type: ignore[attr-defined]


@contextmanager
def model_errors(where: str) -> Iterator[None]:
    """Turns what a server says of the fitted models that it holds for us into a LakehouseError.

    It holds them in its memory, and lets go of some where that gets short.
    """
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        if "CONNECT_ML" not in (error.getCondition() or str(error)):
            raise
        raise LakehouseError(
            f"the Spark Connect server does not hold a fitted model: {_plain(error)}",
            where,
            "train one model at a time, or give the server more memory",
        ) from error


def _plain(error: Exception) -> str:
    return without_codes(str(error).splitlines()[0])


def _check_reachable(address: str, where: str) -> None:
    """Raise LakehouseError where nothing listens, or what listens does not speak gRPC.

    The client itself would try for ten minutes.
    """
    import grpc
    from pyspark.errors import PySparkValueError
    from pyspark.sql.connect.client import DefaultChannelBuilder

    try:
        channel = DefaultChannelBuilder(address).toChannel()
    except (PySparkValueError, ValueError) as error:
        raise LakehouseError(
            f"that is no address of a Spark Connect server: {_plain(error)}",
            where,
            "mend the setting spark.master: sc://host:port",
        ) from None
    parts = urlsplit(address)
    try:
        # Of the two only this one says why: refused, or no such host.
        with socket.create_connection((parts.hostname or "", parts.port or PORT), WAIT):
            pass
        grpc.channel_ready_future(channel).result(WAIT)
    except (OSError, grpc.FutureTimeoutError) as error:
        why = getattr(error, "strerror", None) or str(error) or "it listens, but does not speak"
        raise LakehouseError(
            f"no Spark Connect server answers: {why}",
            where,
            "start it, or mend the setting spark.master",
        ) from None
    finally:
        channel.close()


def _without_secrets(address: str) -> str:
    """The address without what follows the host: a token may stand there."""
    return re.sub(r"^(sc://[^/;]*).*$", r"\1", address)
