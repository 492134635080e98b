"""Declaring, finding and loading handlers, and what a manual trigger may override."""

import msgspec
import pytest

from service.domain.errors import InvalidInput, InvalidSettings
from service.handlers import Run
from service.handlers.catalogue import check_overrides, load_handlers
from service.handlers.registry import Handler, Registry
from service.handlers.secrets import Secrets
from tests.support.runs_without_database import a_run


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One parameter is required, and one has another name in JSON."""

    desk: str
    max_rows: int = msgspec.field(default=10, name="maxRows")


async def report(run: Run[Params]) -> None:
    """A team's handler."""


REPORT = Handler(name="desk.report", work=report, params=Params, overridable=frozenset({"maxRows"}))


def test_the_shipped_handlers_are_there():
    """Those that need settings too; other tests may have declared more."""
    assert set(load_handlers(sql_role="reporting", http_allowed_hosts=["api.example.com"]).names) >= {
        "fundamentals.backfill",
        "fundamentals.incremental",
        "http",
        "marketdata.backfill",
        "marketdata.incremental",
        "noop",
        "sql",
    }


def test_two_loads_share_no_configured_handler():
    """The settings belong to the registry that was loaded with them, not to the process."""
    assert load_handlers().find("sql") is not load_handlers().find("sql")


def test_every_module_that_cannot_be_used_is_named_at_once():
    """With what is wrong with it."""
    with pytest.raises(InvalidSettings) as caught:
        load_handlers(["no.such.module", "nor.this"])
    assert [fault.split(":")[0] for _, fault in caught.value.faults] == ["no.such.module", "nor.this"]
    with pytest.raises(InvalidSettings, match=r"CRONSOLE_HTTP_ALLOWED_HOSTS: '\*'"):
        load_handlers(http_allowed_hosts=["*"])


def test_a_name_belongs_to_one_handler():
    """A team cannot take the name of a shipped one, or of another team's."""
    other = Handler(name="desk.report", work=lambda run: None, params=Params)
    with pytest.raises(ValueError, match=r"two handlers are named 'desk.report'"):
        Registry([REPORT, other])
    Registry([REPORT, REPORT])


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"name": "Desk-Report"}, "handler name 'Desk-Report' must match"),
        ({"overridable": frozenset({"dsk"})}, "has no parameters dsk"),
    ],
)
def test_a_faulty_handler_is_refused_when_it_is_declared(facts, message):
    """A typing error shows at the start of the service, and not at the first trigger."""
    values = {"name": "desk.report", "work": report, "params": Params, **facts}
    with pytest.raises(ValueError, match=message):
        Registry([Handler(**values)])


def test_a_generator_is_no_handler():
    """Nobody would iterate it: it would succeed without having done anything."""

    async def yields(run):
        yield

    with pytest.raises(ValueError, match="is a generator"):
        Registry([Handler(name="a", work=yields, params=Params)])


def test_a_trigger_may_override_what_the_handler_lets_it():
    """The job has the other parameters, so they may be missing here."""
    assert check_overrides(Registry([REPORT]), "desk.report", {"maxRows": 3}) == {"maxRows": 3}


@pytest.mark.parametrize(
    ("params", "field", "message"),
    [
        ({"desk": "FX"}, "params.desk", "a trigger may not override 'desk'"),
        ({"max_rows": 3}, "params.max_rows", "a trigger may not override 'max_rows'"),
        ({"maxRows": "3"}, "params.maxRows", "Expected `int`, got `str`"),
        ({"maxRows": "${secret:TOKEN}"}, "params.maxRows", "a trigger may not ask for a secret"),
        ({"maxRows": 3, "x": 1}, "params.x", "a trigger may not override 'x'"),
    ],
)
def test_another_override_is_refused(params, field, message):
    """The error names the parameter."""
    with pytest.raises(InvalidInput, match=message) as caught:
        check_overrides(Registry([REPORT]), "desk.report", params)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("handler", "params"),
    [
        ("sql", {"statement": "drop table jobs"}),
        ("sql", {"arguments": [1]}),
        ("http", {"url": "http://elsewhere.example"}),
        ("http", {"headers": {}}),
    ],
)
def test_a_trigger_changes_nothing_of_what_sql_and_http_jobs_do(handler, params):
    """An operator may trigger them, and no more."""
    with pytest.raises(InvalidInput, match="a trigger may not override") as caught:
        check_overrides(load_handlers(), handler, params)
    assert caught.value.hint == "overridable: none"


def test_an_unknown_handler_takes_no_overrides():
    """This replica cannot tell whether they would fit."""
    with pytest.raises(InvalidInput, match="does not know the parameters"):
        check_overrides(Registry(), "desk.report", {"maxRows": 3})


def test_stored_parameters_are_checked_when_the_run_begins():
    """The error names the handler and the place."""
    with pytest.raises(InvalidInput, match=r"desk.report': Expected `int`, got `str` - at `\$.maxRows`"):
        a_run(REPORT, {"desk": "FX", "maxRows": "3"}, secrets=Secrets({}))
