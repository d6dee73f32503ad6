"""Quartz says when in its own way; cron says the same."""

from __future__ import annotations

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.run.airflow.quartz import cron


@pytest.mark.parametrize(
    ("quartz", "expected"),
    [
        ("0 30 4 * * ?", "30 4 * * *"),
        ("17 30 4 * * ?", "30 4 * * *"),  # from the full minute on
        ("0 0 6 ? * SUN", "0 6 * * 0"),
        ("0 0 6 ? * 1", "0 6 * * 0"),
        ("0 0 6 ? * 7", "0 6 * * 6"),
        ("0 0 6 ? * L", "0 6 * * 6"),
        ("0 0 6 ? * MON-FRI", "0 6 * * 1,2,3,4,5"),
        ("0 0 6 ? * 2-6", "0 6 * * 1,2,3,4,5"),
        ("0 0 6 ? * FRI-MON", "0 6 * * 5,6,0,1"),
        ("0 0 6 ? * 2/2", "0 6 * * 1,3,5"),
        ("0 0 6 ? * MON,6", "0 6 * * 1,5"),
        ("0 0 6 ? * 6L", "0 6 * * L5"),
        ("0 0 6 ? * MON#1", "0 6 * * 1#1"),
        ("0 0 6 L * ?", "0 6 L * *"),
        ("0 0/15 * * * ?", "0-59/15 * * * *"),
        ("0 5/15 8-18 * * ?", "5-59/15 8-18 * * *"),
        ("0 */10 2/6 1 JAN,JUL ? *", "*/10 2-23/6 1 JAN,JUL *"),
    ],
)
def test_the_five_fields_mean_the_same(quartz: str, expected: str) -> None:
    assert cron(quartz) == expected


@pytest.mark.parametrize(
    ("quartz", "message"),
    [
        ("*/10 * * * * ?", "several seconds"),
        ("0 0 6 15W * ?", "'15W' as the day of a month"),
        ("0 0 6 LW * ?", "'LW' as the day of a month"),
        ("0 0 6 L-3 * ?", "'L-3' as the day of a month"),
        ("0 0 6 * * ? 2027", "years"),
        ("30 4 * * *", "Quartz begins with seconds"),
    ],
)
def test_what_cron_cannot_say_is_refused(quartz: str, message: str) -> None:
    with pytest.raises(LakehouseError, match=message):
        cron(quartz)
