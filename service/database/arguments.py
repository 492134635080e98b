"""JSON values as arguments of a statement: each becomes what Postgres has inferred for its place."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import msgspec

from service.domain.errors import StatementFailed

# By pg_type.typname. Instants are RFC 3339, intervals ISO 8601 ("PT15M"), bytea is base64.
TYPES: dict[str, Any] = {
    "bool": bool,
    "int2": Annotated[int, msgspec.Meta(ge=-(2**15), le=2**15 - 1)],
    "int4": Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)],
    "int8": Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
    "float4": float,
    "float8": float,
    "numeric": Decimal,
    "text": str,
    "varchar": str,
    "bpchar": str,
    "name": str,
    "uuid": UUID,
    "date": date,
    "time": Annotated[time, msgspec.Meta(tz=False)],
    "timetz": Annotated[time, msgspec.Meta(tz=True)],
    "timestamp": Annotated[datetime, msgspec.Meta(tz=False)],
    "timestamptz": Annotated[datetime, msgspec.Meta(tz=True)],
    "interval": timedelta,
    "bytea": bytes,
}


def coerce_arguments(arguments: Sequence[Any], parameters: Sequence[asyncpg.Type]) -> list[Any]:
    """Return JSON values as the driver wants them for these types; other types get the value as it is.

    Raises:
        StatementFailed: their number differs, or one does not fit; the message holds no value.
    """
    if len(arguments) != len(parameters):
        raise StatementFailed(
            f"the statement takes {len(parameters)} arguments, and params.arguments has {len(arguments)}"
        )
    return [coerce(n, *pair) for n, pair in enumerate(zip(arguments, parameters, strict=True), 1)]


def coerce(number: int, value: Any, parameter: asyncpg.Type) -> Any:
    """Convert one argument; null fits every type."""
    wanted = TYPES.get(parameter.name.removesuffix("[]"))
    if value is None or wanted is None:
        return value
    if parameter.name.endswith("[]"):
        wanted = list[wanted | None]  # type: ignore[valid-type]
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as fault:
        raise StatementFailed(f"argument ${number} is no {parameter.name}: {fault}") from None
