"""The ids of executions."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

from service.domain.execution import new_execution_id

NOW = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_an_execution_id_is_a_uuid_of_version_7_that_tells_its_millisecond():
    """The example of RFC 9562, appendix A.6: 017F22E2-79B0-7CC3-98C4-DC0C0C07398F."""
    made = new_execution_id(NOW)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.hex[:12] == "017f22e279b0"


def test_execution_ids_of_one_millisecond_differ():
    """Two runs of a job in the same second, or the same millisecond, are two executions."""
    assert len({new_execution_id(NOW) for _ in range(10_000)}) == 10_000


def test_execution_ids_sort_by_time():
    """An id made a millisecond later is greater."""
    ids = [new_execution_id(NOW + timedelta(milliseconds=i)) for i in range(100)]
    assert ids == sorted(ids)
