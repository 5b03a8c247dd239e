import threading

import pytest

from omega.config import get_feature_flag, set_feature_flag
from omega.errors import ConfigError


@pytest.fixture(autouse=True)
def _clean():
    yield
    set_feature_flag("use_rust_execution", None)


def test_a_flag_is_unset_until_somebody_sets_it():
    assert get_feature_flag("use_rust_execution") is None
    set_feature_flag("use_rust_execution", False)
    assert get_feature_flag("use_rust_execution") is False


def test_an_unknown_flag_is_refused_with_the_nearest_known_one():
    with pytest.raises(ConfigError, match='Did you mean "use_rust_execution"'):
        set_feature_flag("use_rust_executions", True)
    with pytest.raises(ConfigError):
        get_feature_flag("nope")


@pytest.mark.parametrize("value", ["false", 0, 1])
def test_a_value_that_is_no_flag_is_refused(value):
    with pytest.raises(ConfigError, match="expected True, False or None"):
        set_feature_flag("use_rust_execution", value)


def test_flags_can_be_set_from_many_threads():
    threads = [
        threading.Thread(target=lambda n=n: [set_feature_flag("use_rust_execution", n % 2 == 0) for _ in range(200)])
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert get_feature_flag("use_rust_execution") in (True, False)
