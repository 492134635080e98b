"""Who stands between us and Postgres: nobody, or a pooler, which decides what a session is."""

from enum import StrEnum


class Pooling(StrEnum):
    """What a connection of ours gets at the other end.

    NONE and SESSION: a session of the server to itself. TRANSACTION: another session with each transaction,
    so that LISTEN, prepared statements and session locks do not last. A pooler refuses settings at the start
    that it does not know, such as statement_timeout.

    Source: https://www.pgbouncer.org/features.html and https://www.pgbouncer.org/config.html
    (ignore_startup_parameters).
    """

    NONE = "NONE"
    SESSION = "SESSION"
    TRANSACTION = "TRANSACTION"

    @property
    def takes_settings(self) -> bool:
        """Whether a connection may name settings of the server at its start."""
        return self is Pooling.NONE

    @property
    def keeps_sessions(self) -> bool:
        """Whether what one transaction leaves in the session is there in the next."""
        return self is not Pooling.TRANSACTION
