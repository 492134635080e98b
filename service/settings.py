"""The settings of the service, read once from the environment; every fault is reported at once."""

import base64
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import msgspec

from service.domain.errors import InvalidSettings

SHORTEST_TOKEN = 24
COOKIE_NAME = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"  # a token of RFC 6265, section 4.1.1
HEX_KEY = re.compile(r"[0-9A-Fa-f]{64}")
BASE64_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
STANDARD_ALPHABET = str.maketrans("-_", "+/")
ROLE_NAME = r"^[A-Za-z_][A-Za-z0-9_$]{0,62}$"

FIELDS = {
    "DATABASE_URL": "database_url",
    "LISTEN_DATABASE_URL": "listen_database_url",
    "HOST": "host",
    "PORT": "port",
    "CRONSOLE_DATA_DIR": "data_dir",
    "CRONSOLE_ADMIN_TOKEN": "admin_token",
    "CRONSOLE_PASETO_KEY": "paseto_key",
    "CRONSOLE_JWT_JWKS_URL": "jwt_jwks_url",
    "CRONSOLE_JWT_ISSUER": "jwt_issuer",
    "CRONSOLE_JWT_AUDIENCE": "jwt_audience",
    "CRONSOLE_JWT_ROLE_CLAIM": "jwt_role_claim",
    "CRONSOLE_ACCESS_COOKIE": "access_cookie",
    "CRONSOLE_MAX_CONCURRENT_EXECUTIONS": "max_concurrent_executions",
    "CRONSOLE_LEASE_SECONDS": "lease_seconds",
    "CRONSOLE_HANDLERS": "handlers",
    "CRONSOLE_HTTP_ALLOWED_HOSTS": "http_allowed_hosts",
    "CRONSOLE_SQL_ROLE": "sql_role",
    "CRONSOLE_LOG_FORMAT": "log_format",
    "CRONSOLE_START_PAUSED": "start_paused",
}
# Read by what builds the console, service/console/build.py.
OF_THE_BUILD = {"CRONSOLE_SKIP_CONSOLE_BUILD"}
LISTS = {"handlers", "http_allowed_hosts"}

# Kubernetes puts these into every pod beside a Service named `cronsole`:
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
SERVICE_LINK = re.compile(r"CRONSOLE_(SERVICE_(HOST|PORT.*)|PORT|PORT_\d+_.*)")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the environment says; spans are seconds."""

    database_url: str | None = None  # None: the embedded Postgres
    listen_database_url: str | None = None  # None: the same as `database_url`
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 8080  # 0: any free one
    data_dir: Path = Path(".data")
    admin_token: Annotated[str, msgspec.Meta(min_length=SHORTEST_TOKEN, pattern=r"^[!-~]*$")] | None = None
    paseto_key: str | None = None
    jwt_jwks_url: Annotated[str, msgspec.Meta(pattern="^https?://")] | None = None
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    jwt_role_claim: str = "role"
    access_cookie: Annotated[str, msgspec.Meta(pattern=COOKIE_NAME)] = "strategiz-access-token"
    max_concurrent_executions: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 50
    lease_seconds: Annotated[int, msgspec.Meta(ge=5, le=300)] = 15
    handlers: tuple[str, ...] = ()  # modules to import
    http_allowed_hosts: tuple[str, ...] = ()
    sql_role: Annotated[str, msgspec.Meta(pattern=ROLE_NAME)] | None = None
    log_format: Literal["console", "json"] = "console"
    start_paused: bool = False
    is_on_cloud_run: bool = False

    @property
    def has_authentication(self) -> bool:
        """Whether anybody could log in with what is configured."""
        return bool(self.admin_token or self.paseto_key or self.jwt_jwks_url)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings; an empty variable counts as unset, and no message holds a secret value.

        Raises:
            InvalidSettings: with every fault there is.
        """
        # A trailing newline is what secrets read from files have, and no value means to have.
        given = {name: text for name, value in environ.items() if (text := value.strip())}
        faults = [
            (name, "there is no such setting") for name in sorted(given) if is_unknown(name, given[name])
        ]
        types = {field.name: field.type for field in msgspec.structs.fields(cls)}
        values: dict[str, Any] = {"is_on_cloud_run": "K_SERVICE" in given}
        for variable, field in FIELDS.items():
            if variable not in given:
                continue
            text = given[variable]
            raw = [part.strip() for part in text.split(",") if part.strip()] if field in LISTS else text
            try:
                values[field] = msgspec.convert(raw, types[field], strict=False, dec_hook=read_path)
            except msgspec.ValidationError as fault:
                faults.append((variable, message_of(variable, str(fault))))
        faults += contradictions(given)
        if faults:
            raise InvalidSettings(faults)
        return cls(**values)


def is_unknown(name: str, value: str) -> bool:
    """Answer whether a variable looks like one of ours and is none: a typing error, most likely."""
    if not name.startswith("CRONSOLE_") or name in FIELDS.keys() | OF_THE_BUILD:
        return False
    if name.startswith("CRONSOLE_TEST_"):
        return False
    is_link = SERVICE_LINK.fullmatch(name) is not None and (name != "CRONSOLE_PORT" or "://" in value)
    return not is_link


def read_path(wanted: type[Any], value: Any) -> Any:
    """Convert what msgspec does not know; of the settings' types that is Path alone."""
    return wanted(value)


def message_of(variable: str, message: str) -> str:
    """Say what is wrong in the words of the environment."""
    if variable == "CRONSOLE_ADMIN_TOKEN":
        return f"a token has at least {SHORTEST_TOKEN} characters, printable ASCII without spaces"
    return message.replace("Expected `int`, got `str`", "Expected a whole number").replace(
        "Expected `bool`, got `str`", "Expected 1 or 0"
    )


def contradictions(given: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what the types of the single fields cannot say."""
    faults = [
        (variable, "expected an URL such as postgresql://user@host/database")
        for variable in ("DATABASE_URL", "LISTEN_DATABASE_URL")
        if variable in given and not is_postgres_url(given[variable])
    ]
    if "DATABASE_URL" not in given and "K_SERVICE" in given:
        faults.append(
            ("DATABASE_URL", "required on Cloud Run, where an embedded Postgres would lose its data")
        )
    if "DATABASE_URL" not in given and "LISTEN_DATABASE_URL" in given:
        faults.append(("LISTEN_DATABASE_URL", "needs DATABASE_URL beside it"))
    if "CRONSOLE_PASETO_KEY" in given and paseto_key_of(given["CRONSOLE_PASETO_KEY"]) is None:
        faults.append(
            (
                "CRONSOLE_PASETO_KEY",
                "expected 32 bytes as hex digits, in base64, or as k4.local. of PASERK",
            )
        )
    jwt = {"CRONSOLE_JWT_JWKS_URL", "CRONSOLE_JWT_ISSUER", "CRONSOLE_JWT_AUDIENCE"}
    if jwt & given.keys():
        faults += [(missing, "required where JWTs are configured") for missing in sorted(jwt - given.keys())]
    authentication = {"CRONSOLE_ADMIN_TOKEN", "CRONSOLE_PASETO_KEY", "CRONSOLE_JWT_JWKS_URL"}
    if not is_loopback(given.get("HOST", "127.0.0.1")) and not authentication & given.keys():
        faults.append(
            ("HOST", "not a loopback address: configure an authentication first, CRONSOLE_ADMIN_TOKEN say")
        )
    return faults


def paseto_key_of(text: str) -> bytes | None:
    """Return the 32 bytes of a key in hex, base64 with either alphabet, or PASERK; None if it is no such key.

    Source: https://github.com/paseto-standard/paserk/blob/master/types/local.md
    """
    if HEX_KEY.fullmatch(text):
        return bytes.fromhex(text)
    encoded = text.removeprefix("k4.local.").rstrip("=").translate(STANDARD_ALPHABET)
    return base64.b64decode(encoded + "=") if BASE64_KEY.fullmatch(encoded) else None


def is_loopback(host: str) -> bool:
    """Answer whether only this machine reaches a server bound to `host`."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_postgres_url(url: str) -> bool:
    """Answer whether `url` can name a Postgres database."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("postgres", "postgresql") and url.startswith(f"{parts.scheme}://")
