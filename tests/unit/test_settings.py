"""What the environment may say."""

from pathlib import Path

import pytest

from service.domain.errors import InvalidSettings
from service.settings import Settings, paseto_key_of

TOKEN = "t" * 24
URL = "postgresql://somebody:hunter2@db/cronsole"


def faults_of(environ: dict[str, str]) -> dict[str, str]:
    """Read settings that cannot be used, and return what is said about each variable."""
    with pytest.raises(InvalidSettings) as refusal:
        Settings.from_environment(environ)
    return dict(refusal.value.faults)


def test_an_empty_environment_means_a_service_on_loopback_with_an_embedded_database():
    """The defaults are those of the contract."""
    settings = Settings.from_environment({})
    assert (settings.host, settings.port, settings.database_url) == ("127.0.0.1", 8080, None)
    assert (settings.max_concurrent_executions, settings.lease_seconds) == (50, 15)
    assert settings.data_dir == Path(".data")
    assert settings.access_cookie == "strategiz-access-token"
    assert not settings.has_authentication


def test_every_setting_is_read():
    """Each variable arrives in its field, with the field's type."""
    settings = Settings.from_environment(
        {
            "DATABASE_URL": URL,
            "LISTEN_DATABASE_URL": URL,
            "HOST": "0.0.0.0",
            "PORT": "0",
            "CRONSOLE_DATA_DIR": "/srv/cronsole",
            "CRONSOLE_ADMIN_TOKEN": TOKEN,
            "CRONSOLE_ACCESS_COOKIE": "token",
            "CRONSOLE_JWT_JWKS_URL": "https://issuer/jwks",
            "CRONSOLE_JWT_ISSUER": "issuer",
            "CRONSOLE_JWT_AUDIENCE": "cronsole",
            "CRONSOLE_JWT_ROLE_CLAIM": "roles",
            "CRONSOLE_PASETO_KEY": "ab" * 32,
            "CRONSOLE_MAX_CONCURRENT_EXECUTIONS": "7",
            "CRONSOLE_LEASE_SECONDS": "30",
            "CRONSOLE_HANDLERS": "risk.reports, risk.limits,",
            "CRONSOLE_HTTP_ALLOWED_HOSTS": "example.org",
            "CRONSOLE_SQL_ROLE": "reporting",
            "CRONSOLE_LOG_FORMAT": "json",
            "CRONSOLE_START_PAUSED": "1",
            "K_SERVICE": "cronsole",
        }
    )
    assert settings == Settings(
        database_url=URL,
        listen_database_url=URL,
        host="0.0.0.0",
        port=0,
        data_dir=Path("/srv/cronsole"),
        admin_token=TOKEN,
        access_cookie="token",
        jwt_jwks_url="https://issuer/jwks",
        jwt_issuer="issuer",
        jwt_audience="cronsole",
        jwt_role_claim="roles",
        paseto_key="ab" * 32,
        max_concurrent_executions=7,
        lease_seconds=30,
        handlers=("risk.reports", "risk.limits"),
        http_allowed_hosts=("example.org",),
        sql_role="reporting",
        log_format="json",
        start_paused=True,
        is_on_cloud_run=True,
    )


def test_an_empty_variable_counts_as_unset():
    """`PORT=` is what many deployment tools write for nothing."""
    assert Settings.from_environment({"PORT": "", "CRONSOLE_ADMIN_TOKEN": " "}) == Settings()


def test_a_newline_behind_a_secret_is_no_part_of_it():
    """Secrets read from files end in one."""
    assert Settings.from_environment({"CRONSOLE_ADMIN_TOKEN": TOKEN + "\n"}).admin_token == TOKEN


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://db/cronsole"),
        ("DATABASE_URL", "postgresql:db"),
        ("DATABASE_URL", "postgresql://db:port/cronsole"),
        ("PORT", "http"),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("HOST", "0.0.0.0"),
        ("HOST", "db.example.org"),
        ("CRONSOLE_ADMIN_TOKEN", "short"),
        ("CRONSOLE_ADMIN_TOKEN", "with a space in the middle of it"),
        ("CRONSOLE_ACCESS_COOKIE", "a;b"),
        ("CRONSOLE_MAX_CONCURRENT_EXECUTIONS", "0"),
        ("CRONSOLE_MAX_CONCURRENT_EXECUTIONS", "many"),
        ("CRONSOLE_LEASE_SECONDS", "4"),
        ("CRONSOLE_LEASE_SECONDS", "301"),
        ("CRONSOLE_LEASE_SECONDS", "7.5"),
        ("CRONSOLE_LOG_FORMAT", "xml"),
        ("CRONSOLE_START_PAUSED", "perhaps"),
        ("CRONSOLE_SQL_ROLE", "a b"),
        ("CRONSOLE_ADMIN_TOKN", TOKEN),
        ("CRONSOLE_PORT", "9000"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(variable: str, value: str):
    """The fault names the variable."""
    assert set(faults_of({variable: value})) == {variable}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_authentication(host: str):
    """A token is made for it at the start."""
    assert Settings.from_environment({"HOST": host}).host == host


def test_all_faults_are_reported_at_once():
    """Nobody should have to start the service once per fault."""
    environ = {
        "PORT": "x",
        "HOST": "0.0.0.0",
        "CRONSOLE_LEASE_SECONDS": "1",
        "CRONSOLE_TYPO": "1",
        "K_SERVICE": "c",
    }
    assert set(faults_of(environ)) == {
        "PORT",
        "HOST",
        "CRONSOLE_LEASE_SECONDS",
        "CRONSOLE_TYPO",
        "DATABASE_URL",
    }


def test_no_message_holds_a_secret():
    """What is refused may still be a password."""
    environ = {
        "DATABASE_URL": "mysql://somebody:hunter2@db",
        "LISTEN_DATABASE_URL": "postgres://:hunter2@db:x",
        "CRONSOLE_ADMIN_TOKEN": "hunter2",
        "CRONSOLE_PASETO_KYE": "hunter2",
    }
    with pytest.raises(InvalidSettings) as refusal:
        Settings.from_environment(environ)
    assert len(refusal.value.faults) == 4
    assert "hunter2" not in str(refusal.value)


def test_an_embedded_database_is_refused_on_cloud_run():
    """Its data would be gone with the container."""
    assert set(faults_of({"K_SERVICE": "cronsole"})) == {"DATABASE_URL"}


def test_half_a_jwt_configuration_is_refused():
    """A token checked against a key set alone could have been made for somebody else."""
    faults = faults_of({"CRONSOLE_JWT_JWKS_URL": "https://issuer/jwks"})
    assert set(faults) == {"CRONSOLE_JWT_ISSUER", "CRONSOLE_JWT_AUDIENCE"}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("0f" * 32, b"\x0f" * 32),
        ("0F" * 32, b"\x0f" * 32),
        ("k4.local." + "_" * 42 + "8", b"\xff" * 32),
        ("/" * 42 + "8=", b"\xff" * 32),
        ("/" * 42 + "8", b"\xff" * 32),
        ("k4.public." + "_" * 42 + "8", None),
        ("0f" * 31, None),
        ("x" * 32, None),
        ("/" * 44, None),
        ("hunter2", None),
    ],
)
def test_a_paseto_key_is_32_bytes_in_one_of_the_usual_forms(text: str, key: bytes | None):
    """Anything else is refused at the start, and not when the first token comes."""
    assert paseto_key_of(text) == key
    if key is None:
        assert set(faults_of({"CRONSOLE_PASETO_KEY": text})) == {"CRONSOLE_PASETO_KEY"}


def test_what_only_the_build_reads_is_no_fault():
    """`CRONSOLE_SKIP_CONSOLE_BUILD=1 make run` starts the service with it."""
    assert Settings.from_environment({"CRONSOLE_SKIP_CONSOLE_BUILD": "1"}) == Settings()


def test_what_kubernetes_adds_is_no_fault():
    """A Service named cronsole puts its address into the environment of every pod beside it."""
    environ = {
        "CRONSOLE_SERVICE_HOST": "10.0.0.11",
        "CRONSOLE_SERVICE_PORT_HTTP": "80",
        "CRONSOLE_PORT": "tcp://10.0.0.11:80",
        "CRONSOLE_PORT_80_TCP_ADDR": "10.0.0.11",
        "CRONSOLE_TEST_DATABASE_URL": "anything",
        "PATH": "/bin",
    }
    assert Settings.from_environment(environ) == Settings()
