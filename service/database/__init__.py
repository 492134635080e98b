"""All SQL and all use of asyncpg."""
