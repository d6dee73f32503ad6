"""Sends orders at a constant rate by the clock, whatever becomes of them.

The time stamp of an order is when it was due: one that is sent late, for the broker or this program
was slow, has waited since. (Karimov et al.: Benchmarking Distributed Stream Data Processing
Systems. ICDE 2018.)
"""

from __future__ import annotations

import sys
import time

from confluent_kafka import Producer

ITEMS = ("tea", "milk", "oats", "rice")
TICK = 0.01
"""Seconds between two looks at the clock."""


def send(servers: str, topic: str, first: int, count: int, rate: float) -> float:
    """Sends so many orders, numbered from `first`; so many a second, or at once where that is 0.

    Returns by how many seconds the last one was late.
    """
    settings = {"bootstrap.servers": servers, "linger.ms": 5, "acks": 1}
    producer = Producer({**settings, "queue.buffering.max.messages": 1_000_000})
    begun, sent = time.time(), 0
    while sent < count:
        due = count if not rate else min(count, int((time.time() - begun) * rate) + 1)
        for nth in range(sent, due):
            item, cents = ITEMS[nth % len(ITEMS)], 1 + nth % 997
            value = f'{{"number": {first + nth}, "item": "{item}", "amount": "{cents / 100:.2f}"}}'
            at = begun + (nth / rate if rate else 0)
            _produce(producer, topic, value, int(at * 1000))
        sent = due
        producer.poll(0)
        time.sleep(TICK)
    producer.flush()
    return time.time() - begun - (count / rate if rate else 0)


def _produce(producer: Producer, topic: str, value: str, at: int) -> None:
    while True:
        try:
            producer.produce(topic, value, partition=0, timestamp=at)
            return
        except BufferError:  # it holds as many as it may
            producer.poll(0.1)


if __name__ == "__main__":
    servers, topic, first, count, rate = sys.argv[1:]
    print(send(servers, topic, int(first), int(count), float(rate)))
