"""What S3 did not do, from the text of an error that came through Java."""

from __future__ import annotations

import os
import re

from lakehouse.base.errors import LakehouseError

_OPERATION = re.compile(r"[:'] ([A-Za-z][\w() -]{2,40}?) on (?:s3a://)?([^\s:'`,]+)")
_ADDRESS = re.compile(r"s3a://[^\s:'`,]+")
_HOST = re.compile(r"Connect to (\S+)")

_MISSING = ("S3AFileSystem not found", 'No FileSystem for scheme "s3a"')
_FAULTS = (
    (
        ("NoAwsCredentials", "NoAuthWithAWS", "Unable to load credentials"),
        "there are no credentials",
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
    ),
    (
        ("NoSuchBucket", "UnknownStoreException"),
        "there is no such bucket",
        "make it, or mend the settings lake.root, landing and mlflow.scratch",
    ),
    (
        ("InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "Status Code: 403"),
        "these credentials may not do that",
        "see whose AWS_ACCESS_KEY_ID is set, and what it may do in the bucket",
    ),
    (("UnknownHost",), "there is no such host", "mend AWS_ENDPOINT_URL or AWS_REGION"),
    (
        ("Connection refused",),
        "nothing listens there",
        "see that it is up, or mend AWS_ENDPOINT_URL; then run again",
    ),
    (
        ("Status Code: 503", "SlowDown", "AWSServiceThrottled"),
        "it is too busy to answer, each time anew",
        "let less ask it at a time, or run again later",
    ),
    (
        ("ApiCallTimeout", "ApiCallAttemptTimeout", "SocketTimeout", "Read timed out"),
        "no answer in time",
        "see that it is up and can be reached; then run again",
    ),
    (
        ("failed to respond", "Connection reset", "Broken pipe", "Premature end"),
        "the answer was lost on the way, each time anew",
        "see that the network holds; then run again",
    ),
)
"""Words of Java's text, what they mean, and what to do about it; the first that fits."""


def s3_fault(text: str) -> LakehouseError | None:
    """What was asked of S3 and why it came to nothing; None where the text does not say that."""
    if any(each in text for each in _MISSING):
        return LakehouseError(
            "the jars for files on S3 are not there", "s3a://", "fetch them: make s3"
        )
    if "s3a://" not in text and "software.amazon.awssdk" not in text:
        return None
    for words, why, todo in _FAULTS:
        if any(word in text for word in words):
            asked = _OPERATION.search(text)
            operation = f" for {asked[1].strip()}" if asked else ""
            address = _ADDRESS.search(text)
            where = address[0] if address else f"s3a://{asked[2]}" if asked else ""
            return LakehouseError(f"asked S3{_whom(text)}{operation}: {why}", where, todo)
    return None


def _whom(text: str) -> str:
    named = _HOST.search(text)
    endpoint = named[1] if named else os.environ.get("AWS_ENDPOINT_URL", "")
    return f" at {endpoint}" if endpoint else ""
