"""What went wrong with a job's statement, in words."""

import asyncpg

from service.database.received_bytes import ReceivedBytes

STATEMENT_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError, OverflowError)
"""What running a statement may raise besides our own errors."""


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
