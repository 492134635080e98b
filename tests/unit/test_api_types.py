"""What a call takes and answers stands in its signature, for whoever describes the API."""

from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from service.api.answers import Answer
from service.api.execution_calls import ExecutionCallEndpoints
from service.api.executions import ExecutionEndpoints
from service.api.fleet import FleetEndpoints
from service.api.job_edits import JobEditEndpoints
from service.api.jobs import JobEndpoints
from service.api.ledger import LedgerEndpoints
from service.api.timeline import TimelineEndpoints
from service.api.why import WhyEndpoints

ALL = [
    ExecutionCallEndpoints,
    ExecutionEndpoints,
    FleetEndpoints,
    JobEditEndpoints,
    JobEndpoints,
    LedgerEndpoints,
    TimelineEndpoints,
    WhyEndpoints,
]
CALLS = [
    pytest.param(call, id=f"{kind.__name__}.{name}")
    for kind in ALL
    for name, call in vars(kind).items()
    if not name.startswith("_") and name != "routes"
]


@pytest.mark.parametrize("call", CALLS)
def test_every_call_names_its_answer_and_its_body(call: Any):
    """Both have a JSON schema; a body knows all of its members."""
    hints = get_type_hints(call)
    assert hints["return"].__origin__ is Answer
    [content] = get_args(hints["return"])
    assert msgspec.json.schema(content)
    if "body" in hints:
        fields = msgspec.structs.fields(hints["body"])
        assert hints["body"].__struct_config__.forbid_unknown_fields
        assert msgspec.json.schema(hints["body"])["$defs"][hints["body"].__name__]["properties"].keys() == {
            field.encode_name for field in fields
        }
