"""What a Spark Connect server says, in sentences; servers themselves are in tests/engines."""

from __future__ import annotations

import pytest
from pyspark.errors import PySparkException

from lakehouse.base.errors import LakehouseError
from lakehouse.spark.connect import _without_secrets, connected, model_errors


def test_a_model_that_a_server_let_go_is_a_sentence_with_what_to_do() -> None:
    evicted = "[CONNECT_ML.CACHE_INVALID] Cannot retrieve object a1 from the ML cache. SQLSTATE: X"
    with (
        pytest.raises(LakehouseError) as caught,
        model_errors("model churn"),
    ):
        raise PySparkException(f"{evicted}\n\nJVM stacktrace: ...")
    assert str(caught.value) == (
        "model churn: the Spark Connect server does not hold a fitted model: Cannot retrieve "
        "object a1 from the ML cache. Train one model at a time, or give the server more memory."
    )


def test_any_other_error_stays_what_it_is() -> None:
    with pytest.raises(PySparkException, match="TABLE_OR_VIEW_NOT_FOUND"), model_errors("model x"):
        raise PySparkException("[TABLE_OR_VIEW_NOT_FOUND] no t")


def test_a_token_is_not_shown() -> None:
    assert _without_secrets("sc://host:1/;token=secret;user_id=me") == "sc://host:1"
    assert _without_secrets("sc://host") == "sc://host"


@pytest.mark.parametrize("address", ["sc://127.0.0.1:1/path", "sc://a:b:c", "sc://h:1/;x"])
def test_what_is_no_address_is_a_sentence(address: str) -> None:
    with pytest.raises(LakehouseError, match="that is no address of a Spark Connect server: "):
        connected(address)
