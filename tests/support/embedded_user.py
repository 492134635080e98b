"""A program that uses the embedded server until its input ends; having joined, it prints a line of JSON."""

import asyncio
import json
import os
import sys
from pathlib import Path

import structlog

from service.database.embedded import embedded_postgres
from tests.support.databases import FAST_SETTINGS


async def main(data_dir: Path) -> None:
    """Join, say so, wait, leave."""
    with structlog.testing.capture_logs() as events:
        async with embedded_postgres(data_dir, FAST_SETTINGS) as server:
            news = {"database_url": server.database_url, "home": str(server.home), "uid": os.geteuid()}
            sys.stdout.write(json.dumps(news | {"events": [each["event"] for each in events]}) + "\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
