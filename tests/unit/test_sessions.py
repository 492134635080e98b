"""Our own cookie, and the limit on failed attempts."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp.test_utils import make_mocked_request

from service.api.attempts import MOST_ADDRESSES, MOST_FAILURES, FailedAttempts, address_of
from service.api.sessions import LONGEST_SESSION, Sessions
from service.api.tokens import Caller, Refusal
from service.domain.access import Role, role_for_patch
from tests.support.clock import FakeClock

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRETS = [b"a secret of the tests"]


@pytest.fixture
def clock() -> FakeClock:
    """A clock at NOW."""
    return FakeClock(NOW)


async def test_a_session_says_who_signed_in_on_every_replica_and_ends(clock: FakeClock):
    """Twelve hours at most; another process with the same secrets reads it."""
    value = Sessions(SECRETS, clock).issue(Caller("ann", Role.OPERATOR))
    another = Sessions(list(SECRETS), clock)
    assert another.caller_of(value) == Caller("ann", Role.OPERATOR, NOW + LONGEST_SESSION)
    await clock.advance(hours=12)
    assert another.caller_of(value) is Refusal.OUT_OF_TIME


async def test_a_session_ends_with_the_token_it_comes_from(clock: FakeClock):
    """A token for ten minutes does not become a session for a day."""
    sessions = Sessions(SECRETS, clock)
    value = sessions.issue(Caller("ann", Role.VIEWER, NOW + timedelta(minutes=10)))
    await clock.advance(minutes=9)
    assert isinstance(sessions.caller_of(value), Caller)
    await clock.advance(minutes=1)
    assert sessions.caller_of(value) is Refusal.OUT_OF_TIME


def test_a_session_cannot_be_made_without_the_secrets(clock: FakeClock):
    """Nor changed, nor kept when a secret changes."""
    sessions = Sessions(SECRETS, clock)
    value = sessions.issue(Caller("ann", Role.VIEWER))
    raw = base64.urlsafe_b64decode(value)
    promoted = base64.urlsafe_b64encode(raw.replace(b"viewer", b"admin")).decode()
    for other in (promoted, value[:-4], value + "AAAA", "A" * len(value), "", "é", "\udc80", raw.hex()):
        assert sessions.caller_of(other) is Refusal.WRONG
    for secrets in ([b"another"], [*SECRETS, b"more"], [b"a secret of", b" the tests"]):
        assert Sessions(secrets, clock).caller_of(value) is Refusal.WRONG
    assert not Sessions([], clock).can_sign


async def test_who_fails_ten_times_in_a_minute_waits(clock: FakeClock):
    """Others do not, and after the minute neither does who failed."""
    attempts = FailedAttempts(clock)
    for _ in range(MOST_FAILURES):
        assert attempts.wait_seconds("192.0.2.1") == 0
        attempts.count("192.0.2.1")
    assert attempts.wait_seconds("192.0.2.1") == 60
    assert attempts.wait_seconds("192.0.2.2") == 0
    await clock.advance(seconds=59.5)
    assert attempts.wait_seconds("192.0.2.1") == 1
    await clock.advance(seconds=0.5)
    assert attempts.wait_seconds("192.0.2.1") == 0


def test_the_addresses_kept_are_bounded(clock: FakeClock):
    """A million addresses do not fill the memory."""
    attempts = FailedAttempts(clock)
    for number in range(MOST_ADDRESSES + 100):
        attempts.count(str(number))
    assert len(attempts._counts) == MOST_ADDRESSES


@pytest.mark.parametrize(
    ("remote", "forwarded", "is_on_cloud_run", "address"),
    [
        ("192.0.2.1", None, False, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", False, "192.0.2.1"),
        ("169.254.1.1", "198.51.100.7, 203.0.113.9", True, "203.0.113.9"),
        ("169.254.1.1", None, True, "169.254.1.1"),
        ("169.254.1.1", "x" * 1000, True, "unknown"),
        ("2001:db8::1:2:3:4", None, False, "2001:db8::/64"),
        (None, None, False, "unknown"),
    ],
)
def test_attempts_are_counted_for_an_address_that_nobody_can_choose(
    remote: str | None, forwarded: str | None, is_on_cloud_run: bool, address: str
):
    """X-Forwarded-For counts only where Google's front end wrote its end."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=remote or "")
    assert address_of(request, is_on_cloud_run=is_on_cloud_run) == address


@pytest.mark.parametrize(
    ("fields", "role"),
    [
        (["scheduleCron", "timeZone"], Role.OPERATOR),
        (["schedule_cron", "time_zone", "enabled", "paused_until", "pause_reason"], Role.OPERATOR),
        ([], Role.OPERATOR),
        (["enabled", "params"], Role.ADMIN),
        (["handler"], Role.ADMIN),
        (["overlapPolicy"], Role.ADMIN),
        (["clockChangePolicy"], Role.ADMIN),
        (["scheduleType"], Role.ADMIN),
        (["anything"], Role.ADMIN),
    ],
)
def test_an_operator_changes_when_a_job_fires_and_an_admin_what_it_does(fields: list[str], role: Role):
    """Whatever is not known to be harmless needs an admin."""
    assert role_for_patch(fields) == role
    assert Role.ADMIN.covers(role)
    assert not Role.VIEWER.covers(role)
