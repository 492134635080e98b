"""How long what the service writes down is kept."""

from datetime import timedelta

import msgspec


class Retention(msgspec.Struct, frozen=True):
    """Rows are kept up to an age, and of those the newest `rows`; None: all of them."""

    age: timedelta
    rows: int | None = None
