"""The handler `sql`: one statement, in the run's own transaction, as a role of its own if there is one."""

from typing import Annotated, Any

import asyncpg
import msgspec

from service.database.received_bytes import ReceivedBytes
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
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError, OverflowError) as fault:
        # The cause is not chained: it may hold the beginning of a secret, which nobody would recognise.
        raise StatementFailed(explain(fault, received, may_show_values=not run.redact.has_secrets)) from None
    run.result = msgspec.to_builtins(result)
    run.log.info("statement_executed", row_count=result.row_count, command=result.command)


def explain(fault: Exception, received: ReceivedBytes, *, may_show_values: bool) -> str:
    """Say what went wrong with a statement.

    Postgres cuts long values in its DETAIL, and a secret that is cut cannot be hidden any more.
    """
    if received.is_exceeded:
        megabytes = received.most // 1024**2
        return f"the statement returned more than {megabytes} MB at once; aggregate less, or return no rows"
    if isinstance(fault, asyncpg.UnsupportedClientFeatureError):
        return f"the driver says: {fault}"
    if isinstance(fault, (asyncpg.InterfaceError, asyncpg.PostgresConnectionError, OSError)):
        return f"the connection to the database was lost ({type(fault).__name__})"
    if not isinstance(fault, asyncpg.PostgresError):
        return "a value of the result cannot be shown; cast it to text"
    if getattr(fault, "severity", None) is None:  # the driver's own, about a value
        return "an argument does not fit its type; cast it in the statement, as in $1::text::inet"
    if fault.sqlstate == "42601" and "multiple commands" in str(fault.message):
        return "params.statement holds more than one statement; a job runs one, and one transaction"
    text = f"{fault.message} (SQLSTATE {fault.sqlstate})"
    if fault.detail and may_show_values:
        text += f"\nDETAIL: {fault.detail}"
    return text + (f"\nHINT: {fault.hint}" if fault.hint else "")
