"""Roles: what a caller may do, and which role a change needs."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What a caller may do; each role may do all that the ones before it may."""

    VIEWER = "viewer"  # reads
    OPERATOR = "operator"  # triggers, pauses, schedules, enables, cancels, retries
    ADMIN = "admin"  # creates, deletes, edits handlers, parameters and policies

    def covers(self, needed: "Role") -> bool:
        """Answer whether this role may do what `needed` may."""
        return RANKS[self] >= RANKS[needed]


RANKS = {role: rank for rank, role in enumerate(Role)}

# When a job fires, and nothing of what it does then. In JSON they are camelCase.
OPERATOR_FIELDS = {"schedule_cron", "time_zone", "enabled", "paused_until", "pause_reason"}


def role_for_patch(fields: Iterable[str]) -> Role:
    """Return the role that a change of these fields of a job needs.

    Fields are named as columns or as in JSON; what nobody knows needs the highest role.
    """
    names = {as_column(field) for field in fields}
    return Role.OPERATOR if names <= OPERATOR_FIELDS else Role.ADMIN


def as_column(field: str) -> str:
    """Return the column that a field in camelCase stands for."""
    return "".join(f"_{letter.lower()}" if letter in CAPITALS else letter for letter in field)


CAPITALS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def role_of_claim(claim: Any) -> Role:
    """Return the highest role that a token's claim names; without a known one, viewer.

    The claim is a name or a list of names, in any case, among which others may be.
    """
    names = [claim] if isinstance(claim, str) else claim if isinstance(claim, list) else []
    known = [role for role in Role for name in names if isinstance(name, str) and name.lower() == role]
    return max(known, key=RANKS.__getitem__, default=Role.VIEWER)
