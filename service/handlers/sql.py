"""The handler `sql`: one statement, in the run's own transaction, as a role of its own if there is one."""

from typing import Annotated, Any

import msgspec

from service.database.received_bytes import ReceivedBytes
from service.database.statement_faults import STATEMENT_FAULTS, explain
from service.database.statements import MOST_BYTES_AT_ONCE, run_statement
from service.domain.errors import StatementFailed
from service.handlers.facts import facts_of
from service.handlers.registry import Handler
from service.handlers.run import Run

# For a job without a timeout of its own.
LONGEST_STATEMENT_SECONDS = 3600.0
# The runner ends a run at the job's timeout; a second later the server ends what it has not heard about.
SERVER_GRACE_SECONDS = 1.0


class SqlParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One statement, and what stands for its `$1`, `$2` and so on."""

    statement: Annotated[str, msgspec.Meta(pattern=r"\S")]
    arguments: list[Any] = []


def sql_handler(role: str | None = None) -> Handler:
    """Return the handler `sql`, whose statements run as `role`; None: as the service's own role.

    The role keeps a statement from doing by accident what it should not. It is no wall against who writes the
    statement, who can also write RESET ROLE: that is what editing a job's `params` is allowed to.
    """

    async def run_sql(run: Run[SqlParams]) -> None:
        """Run the statement, and keep its row count and first rows as the result.

        Raises:
            StatementFailed, LeaseLost
        """
        await run_sql_as(run, role)

    return Handler(name="sql", work=run_sql, params=SqlParams, without_secrets=frozenset({"statement"}))


async def run_sql_as(run: Run[SqlParams], role: str | None) -> None:
    """Do the work of the handler `sql`; see `sql_handler`."""
    limit = run.timeout_seconds
    received = ReceivedBytes(MOST_BYTES_AT_ONCE)
    try:
        async with run.transaction() as connection:
            result = await run_statement(
                connection,
                run.params.statement,
                run.params.arguments,
                facts=facts_of(run),
                role=role,
                timeout_seconds=LONGEST_STATEMENT_SECONDS if limit is None else limit + SERVER_GRACE_SECONDS,
                received=received,
            )
    except STATEMENT_FAULTS as fault:
        # The cause is not chained: it may hold the beginning of a secret, which nobody would recognise.
        raise StatementFailed(explain(fault, received, may_show_values=not run.redact.has_secrets)) from None
    run.result = msgspec.to_builtins(result)
    run.log.info("statement_executed", row_count=result.row_count, command=result.command)
