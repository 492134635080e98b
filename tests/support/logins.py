"""Real logins: users of the server who are members of the roles that ship."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

PASSWORD = "only-for-tests"


@asynccontextmanager
async def login(database_url: str, role: str | None) -> AsyncIterator[str]:
    """Make a user, a member of `role` if one is named, and yield the URL to log in with.

    Users belong to the whole server: the user goes at the end, with what it owns in this database.
    """
    name = f"cronsole_test_{secrets.token_hex(4)}"
    admin = await asyncpg.connect(database_url)
    await admin.execute(f"create role {name} login password '{PASSWORD}'")
    try:
        if role is not None:
            await admin.execute(f"grant {role} to {name}")
        yield url_of(database_url, name)
    finally:
        await admin.execute(f"drop owned by {name} cascade; drop role {name}")
        await admin.close()


def url_of(database_url: str, user: str) -> str:
    """Return the URL with another user."""
    parts = urlsplit(database_url)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] not in ("user", "password")]
    where = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{PASSWORD}@{where}", query=urlencode(query)))


def user_of(url: str) -> str:
    """Return the user that the URL logs in as."""
    return urlsplit(url).username or ""
