"""The console's types of the API, made of the API's own description: `python -m tests.support.api_types`."""

import json
import os
import sys
import tempfile
from pathlib import Path

from service.api.openapi import openapi_document
from service.console.node import ConsoleFault, require_node
from service.console.npm import HERE, Npm, locked
from service.settings import Settings
from tests.support.application import bare_application

COMMITTED = HERE / "src" / "api" / "schema.ts"


def write_types(target: Path, *, may_fetch_node: bool = False) -> None:
    """Write the types that today's API has.

    Raises:
        ConsoleFault: there is no Node, or the generator fails.
    """
    node = require_node(os.environ.get("PATH", os.defpath), may_fetch=may_fetch_node)
    with tempfile.TemporaryDirectory() as folder, Npm(node, HERE, os.environ) as npm, locked(HERE) as held:
        description = Path(folder, "openapi.json")
        document = openapi_document(bare_application(), Settings().access_cookie)
        description.write_text(json.dumps(document), encoding="utf-8")
        npm.install(held)
        # The path last: the script ends with a flag, which would take it for its value.
        npm.run_quietly("run", "types", "--", "--output", str(target), str(description), held=held)


def main() -> int:
    """Renew the types that are committed."""
    try:
        write_types(COMMITTED, may_fetch_node=True)
    except (ConsoleFault, OSError) as fault:
        sys.stderr.write(f"console: {fault}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
