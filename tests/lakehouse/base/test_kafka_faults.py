"""What Spark says of Kafka, as a sentence that a person can act on."""

from __future__ import annotations

import pytest

from lakehouse.base.kafka_faults import kafka_fault

CLIENT = "org.apache.kafka.common."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{CLIENT}errors.UnknownTopicOrPartitionException: no host", "no such topic"),
        (f"{CLIENT}errors.TimeoutException: Timed out waiting for a node", "no broker answers"),
        (f"{CLIENT}errors.SaslAuthenticationException: hunter2", "refuse these credentials"),
        (f"{CLIENT}errors.TopicAuthorizationException: [sales]", "may not read the topic"),
        (f"{CLIENT}KafkaException: Failed to construct kafka consumer", "no client of Kafka"),
        ("Invalid value hunter2 for configuration ssl.protocol", "is wrong: ssl.protocol"),
        ("No enum constant org.apache.kafka.common.IsolationLevel.HUNTER2", "clients is wrong"),
        ("Some data may have been lost because they are not in Kafka", "gone from the topic"),
    ],
)
def test_a_fault_is_told_without_the_value_of_a_setting(text: str, said: str) -> None:
    fault = kafka_fault(text, "bronze.sales")
    assert fault is not None
    assert said in fault.what
    assert fault.where == "bronze.sales"
    assert "hunter2" not in str(fault)


def test_what_kafka_has_no_part_in_is_not_its_fault() -> None:
    assert kafka_fault("java.io.IOException: No space left on device", "bronze.sales") is None
