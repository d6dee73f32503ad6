"""What Kafka did not do, from the text of an error that came through Java."""

from __future__ import annotations

import re

from lakehouse.base.errors import LakehouseError

_FAULTS = (
    (
        ("UnknownTopicOrPartitionException",),
        "there is no such topic",
        "make it, or mend kafka.topics",
    ),
    (
        ("SaslAuthenticationException", "IllegalSaslStateException", "SslAuthenticationException"),
        "the brokers refuse these credentials",
        "see kafka.security, kafka.mechanism, kafka.user and kafka.password",
    ),
    (
        ("TopicAuthorizationException", "GroupAuthorizationException", "ClusterAuthorization"),
        "these credentials may not read the topic",
        "see what kafka.user may do",
    ),
    (
        ("Failed to create new KafkaAdminClient", "Failed to construct kafka"),
        "no client of Kafka could be made",
        "see that the hosts of kafka.servers have addresses, and that the file kafka.ca can be "
        "read",
    ),
    (
        ("for configuration", "No enum constant org.apache.kafka"),
        "a setting of Kafka's clients is wrong",
        "mend kafka.options",
    ),
    (
        ("KAFKA_DATA_LOSS", "may have been lost"),
        "messages that were not read yet are gone from the topic, or it was made anew",
        "to go on with what is there, take the table's checkpoint away (in _checkpoints, below "
        "lake.root): messages that were read and are still there come again then",
    ),
    (
        ("waiting for a node assignment", "kafka.common.errors.TimeoutException"),
        "no broker answers",
        "see that it is up, or mend kafka.servers; where it speaks SSL, kafka.security",
    ),
)
"""Words of Java's text, what they mean, and what to do about it; the first that fits."""

_VALUE = re.compile(r"Invalid value (\S+) for configuration ([\w.]+)")


def kafka_fault(text: str, where: str) -> LakehouseError | None:
    """What was asked of Kafka and why it came to nothing; None where the text does not say that.

    No error holds a value of a setting.
    """
    if "afka" not in text and "for configuration" not in text:
        return None
    for words, what, todo in _FAULTS:
        if any(word in text for word in words):
            named = _VALUE.search(text)
            return LakehouseError(f"{what}{f': {named[2]}' if named else ''}", where, todo)
    return None
