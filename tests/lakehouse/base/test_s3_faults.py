"""What Java says of S3, as one sentence: what was asked of whom, and why it came to nothing."""

from __future__ import annotations

import pytest

from lakehouse.base.failing import explained
from lakehouse.base.s3_faults import s3_fault

SDK = "software.amazon.awssdk.core.exception.SdkClientException: Unable to execute HTTP request"
NO_CREDENTIALS = (
    ": java.nio.file.AccessDeniedException: s3a://lake/x: org.apache.hadoop.fs.s3a.auth."
    "NoAuthWithAWSException: No AWS Credentials provided by SimpleAWSCredentialsProvider"
)


@pytest.fixture(autouse=True)
def amazon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            f": java.net.ConnectException: getFileStatus on s3a://lake/x: {SDK}: Connect to "
            "here:9 [/10.0.0.9] failed: Connection refused",
            "s3a://lake/x: asked S3 at here:9 for getFileStatus: nothing listens there. ",
        ),
        (
            ": org.apache.hadoop.fs.s3a.AWSApiCallTimeoutException: getFileStatus on s3a://lake/x: "
            "software.amazon.awssdk.core.exception.ApiCallTimeoutException: Client execution did",
            "s3a://lake/x: asked S3 for getFileStatus: no answer in time. ",
        ),
        (
            ": org.apache.hadoop.fs.s3a.HttpChannelEOFException: Writing Object on t/_delta_log/"
            f"1.json: {SDK}: The target server failed to respond",
            "s3a://t/_delta_log/1.json: asked S3 for Writing Object: "
            "the answer was lost on the way, each time anew. ",
        ),
        (
            ": org.apache.hadoop.fs.s3a.UnknownStoreException: `s3a://gone/x': listObjects() on "
            "s3a://gone/x: software.amazon.awssdk.services.s3.model.NoSuchBucketException: no",
            "s3a://gone/x: asked S3 for listObjects(): there is no such bucket. ",
        ),
        (
            ": org.apache.hadoop.fs.s3a.AWSServiceThrottledException: Writing Object on t/1.json: "
            "software.amazon.awssdk.services.s3.model.S3Exception: null (Service: S3, Status Code: "
            "503, Request ID: null)",
            "s3a://t/1.json: asked S3 for Writing Object: it is too busy to answer, each time ",
        ),
        (NO_CREDENTIALS, "s3a://lake/x: asked S3: there are no credentials. "),
        (
            ": java.nio.file.AccessDeniedException: s3a://lake/x: getFileStatus on s3a://lake/x: "
            "software.amazon.awssdk.services.s3.model.S3Exception: null (Status Code: 403)",
            "s3a://lake/x: asked S3 for getFileStatus: these credentials may not do that. ",
        ),
        (
            ": java.lang.RuntimeException: java.lang.ClassNotFoundException: "
            "Class org.apache.hadoop.fs.s3a.S3AFileSystem not found",
            "s3a://: the jars for files on S3 are not there. Fetch them: make s3",
        ),
    ],
)
def test_an_error_of_s3_says_what_was_asked_of_whom(text: str, sentence: str) -> None:
    assert str(s3_fault(text)).startswith(sentence)
    assert str(explained(RuntimeError(text))) == str(s3_fault(text))


def test_an_address_that_is_named_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://minio:9000")
    assert "asked S3 at http://minio:9000: there" in str(s3_fault(NO_CREDENTIALS))


def test_other_errors_are_not_about_s3() -> None:
    assert s3_fault(": java.net.ConnectException: Connection refused") is None
    assert s3_fault("s3a://lake/x: DELTA_TABLE_NOT_FOUND") is None
