"""The development token: made once per data folder, for a service on loopback that has no other."""

import os
import secrets
from pathlib import Path

from service.domain.errors import InvalidSettings
from service.settings import SHORTEST_TOKEN

FILE_NAME = "admin-token"
RANDOM_BYTES = 32


def ensure_admin_token(data_dir: Path) -> str:
    """Return the token in `data_dir`/admin-token, which is made if it is not there.

    The file has mode 0600 and is never seen half written; of several replicas that start together all get the
    same token. Blocks on the file system: call it before the event loop matters.

    Raises:
        InvalidSettings: the file holds no usable token, or the folder cannot be written.
    """
    path = data_dir / FILE_NAME
    try:
        if not path.exists():
            data_dir.mkdir(parents=True, exist_ok=True)
            create(path)
        path.chmod(0o600)
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise InvalidSettings([("CRONSOLE_DATA_DIR", f"{path}: {type(fault).__name__}")]) from fault
    if len(token) < SHORTEST_TOKEN:
        raise InvalidSettings(
            [
                (
                    "CRONSOLE_DATA_DIR",
                    f"{path} holds no token of {SHORTEST_TOKEN} characters; delete it for a new one",
                )
            ]
        )
    return token


def create(path: Path) -> None:
    """Write a new token to `path`, unless somebody else was faster."""
    draft = path.with_name(f".{FILE_NAME}-{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(RANDOM_BYTES) + "\n")
        # A link, not a rename: it fails where the name exists, so the first of several writers wins.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
