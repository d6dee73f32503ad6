"""Settings for S3: from the environment, without a secret, and with little patience."""

from __future__ import annotations

import socket

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.spark.s3 import check_answers, on_s3, s3_conf

ENDPOINT = "spark.hadoop.fs.s3a.endpoint"


def test_another_address_than_amazons_has_its_buckets_in_the_path() -> None:
    conf = s3_conf({"AWS_ENDPOINT_URL": "http://here:9000", "AWS_REGION": "eu-west-1"})
    assert conf[ENDPOINT] == "http://here:9000"
    assert conf["spark.hadoop.fs.s3a.path.style.access"] == "true"
    assert conf["spark.hadoop.fs.s3a.endpoint.region"] == "eu-west-1"
    amazon = s3_conf({})
    assert ENDPOINT not in amazon
    assert "spark.hadoop.fs.s3a.path.style.access" not in amazon


def test_the_address_of_s3_alone_counts_before_that_of_every_service() -> None:
    both = {"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_S3": "http://s3"}
    assert s3_conf(both)[ENDPOINT] == "http://s3"


def test_no_secret_becomes_a_setting() -> None:
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    assert "hidden" not in str(s3_conf(dict.fromkeys(keys, "hidden")))


def test_what_is_on_s3_is_told_by_its_scheme() -> None:
    assert on_s3("/a", "s3a://b/c")
    assert not on_s3("/a", "", "abfss://b/c", "/s3a://")


@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        ("http://127.0.0.1:{port}", "Connection refused"),
        ("https://127.0.0.1:{port}", "Connection refused"),
        ("http://no-such-host.invalid", "Name or service not known|nodename nor servname"),
    ],
)
def test_an_address_that_does_not_answer_is_named(endpoint: str, why: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    there = endpoint.format(port=port)
    with pytest.raises(LakehouseError, match=f"{there}: S3 does not answer: ({why})"):
        check_answers({ENDPOINT: there})


def test_amazons_own_is_left_to_java() -> None:
    check_answers({})
