"""Merge patches and defaults of a job."""

from typing import Any

import pytest

from service.domain.editing import DEFAULTS, EDITABLE, merge_patch, new_job_columns
from service.domain.job import ScheduleType

# RFC 7396, appendix A.
EXAMPLES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), EXAMPLES)
def test_a_merge_patch_does_what_the_rfc_shows(target: Any, patch: Any, result: Any):
    """The examples of its appendix."""
    assert merge_patch(target, patch) == result


def test_the_patch_leaves_its_target_as_it_was():
    """Whoever holds the old row may compare."""
    target = {"a": {"b": 1}}
    merge_patch(target, {"a": {"b": None, "c": 2}})
    assert target == {"a": {"b": 1}}


def test_a_new_job_is_manual_without_a_schedule_and_lacks_no_column_with_a_default():
    """What has no default has to be given."""
    columns = new_job_columns({"display_name": "A", "handler": "noop"})
    assert set(columns) == set(EDITABLE)
    assert columns["schedule_type"] is ScheduleType.MANUAL
    assert new_job_columns({"schedule_cron": "@daily"})["schedule_type"] is ScheduleType.CRON
    assert DEFAULTS["params"] == {}
