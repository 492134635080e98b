"""What the calls about the audit answer."""

from datetime import datetime
from typing import Any

import msgspec

from service.api.models_jobs import rfc3339
from service.api.problems import camel_case
from service.domain.ledger import Change

# Of the rows in the audit; there they are text, in whatever zone the session had.
INSTANTS = {"paused_until", "planned_from", "created_at", "updated_at"}
# Stamped with every change: they differ, and say nothing.
STAMPED = {"revision", "planned_from", "created_at", "updated_at", "updated_by"}


class FieldChangeJson(msgspec.Struct, frozen=True, rename="camel"):
    """One field that a change altered."""

    field: str
    before: Any
    after: Any


class ChangeJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who did what, when and through what; `before` and `after` are the whole rows, null where there is none.

    `changedBy` is the API's subject where the service says so, else the session's role in psql. `changes` are
    the fields that differ. `movesPlan`: it touched what decides when the job fires.
    """

    change_id: int
    job_id: str
    operation: str
    changed_at: datetime
    changed_by: str
    session_role: str
    application_name: str
    revision: int | None
    moves_plan: bool
    changes: list[FieldChangeJson]
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class ChangesJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of the audit, newest first; `nextCursor` is null at its end."""

    changes: list[ChangeJson]
    page_size: int
    next_cursor: str | None


def change_json(change: Change) -> ChangeJson:
    """Show a row of the audit."""
    before, after = change.before or {}, change.after or {}
    altered = [
        FieldChangeJson(camel_case(name), shown(name, before.get(name)), shown(name, after.get(name)))
        for name in {**before, **after}
        if name not in STAMPED and before.get(name) != after.get(name)
    ]
    return ChangeJson(
        **{name: getattr(change, name) for name in ChangeJson.__struct_fields__ if hasattr(change, name)}
        | {"before": row_of(change.before), "after": row_of(change.after)},
        changes=altered if change.before and change.after else [],
    )


def row_of(row: dict[str, Any] | None) -> dict[str, Any] | None:
    """Show a row of the audit as JSON does; what `params` holds stays as it is."""
    return None if row is None else {camel_case(name): shown(name, value) for name, value in row.items()}


def shown(name: str, value: Any) -> Any:
    """Show one value of a row; `infinity` is until somebody resumes."""
    if name not in INSTANTS or value in (None, "infinity"):
        return value
    return rfc3339(datetime.fromisoformat(value))
