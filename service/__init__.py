"""Cronsole: a job scheduler whose jobs and schedules are rows in Postgres."""

__version__ = "0.1.0"
