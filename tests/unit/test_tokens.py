"""Whose token it is: PASETO, JWT and the keys of their issuer."""

import asyncio
import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from structlog.testing import capture_logs

from service.api.key_set import FRESH_SECONDS, RETRY_SECONDS, KeySet, KeysUnavailable
from service.api.tokens import LEEWAY, Caller, JwtTokens, PasetoTokens, Refusal
from service.domain.access import Role
from tests.support.clock import FakeClock
from tests.support.tokens import AUDIENCE, ISSUER, PASETO_KEY, SUBJECT, Issuer, claims_at, paseto_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FakeClock:
    """A clock at NOW."""
    return FakeClock(NOW)


@pytest.fixture
def paseto(clock: FakeClock) -> PasetoTokens:
    """What accepts PASETOs."""
    return PasetoTokens(PASETO_KEY, "role", clock)


@pytest.fixture(scope="module")
def shared_issuer() -> Issuer:
    """An issuer whose keys no test changes."""
    return Issuer()


@pytest.fixture
def jwts(clock: FakeClock, shared_issuer: Issuer) -> JwtTokens:
    """What accepts JWTs of the issuer."""
    keys = KeySet("https://issuer.test/jwks", clock, shared_issuer.fetch)
    return JwtTokens(keys, ISSUER, AUDIENCE, "role", clock)


async def test_a_paseto_belongs_to_its_subject(paseto: PasetoTokens):
    """With the role that it claims, until it expires; a footer changes nothing."""
    for footer in (b"", b'{"kid":"7"}'):
        caller = await paseto.caller_of(paseto_of(claims_at(NOW, "operator"), footer=footer))
        assert caller == Caller(SUBJECT, Role.OPERATOR, NOW + HOUR)


async def test_a_paseto_that_is_not_genuine_is_nobodys(paseto: PasetoTokens):
    """Another key, a changed letter, a cut end, another version, another footer, no JSON."""
    genuine = paseto_of(claims_at(NOW))
    changed = genuine[:40] + ("A" if genuine[40] != "A" else "B") + genuine[41:]
    for token in (
        paseto_of(claims_at(NOW), key=bytes(32)),
        changed,
        genuine[:-4],
        genuine + ".Zm9v",
        genuine.replace("v4.local.", "v3.local."),
        genuine.replace("v4.local.", "v4.public."),
        "v4.local.",
        "v4.local.AAAA",
        "v4.local." + "A" * 8_000,
        "v4.local.\x00",
        paseto_of({}),
    ):
        assert await paseto.caller_of(token) is Refusal.WRONG, token


TIMES: list[tuple[dict[str, Any], Refusal | None]] = [
    ({}, None),
    ({"exp": NOW - LEEWAY + timedelta(seconds=1)}, None),
    ({"exp": NOW - LEEWAY}, Refusal.OUT_OF_TIME),
    ({"exp": NOW - HOUR}, Refusal.OUT_OF_TIME),
    ({"nbf": NOW + LEEWAY}, None),
    ({"nbf": NOW + LEEWAY + timedelta(seconds=1)}, Refusal.OUT_OF_TIME),
    ({"iat": NOW + HOUR}, Refusal.OUT_OF_TIME),
    ({"iat": None}, None),
    ({"exp": None}, Refusal.WRONG),
    ({"exp": "soon"}, Refusal.WRONG),
    ({"exp": True}, Refusal.WRONG),
    ({"exp": 1e300}, Refusal.WRONG),
    ({"nbf": "soon"}, Refusal.WRONG),
    ({"sub": None}, Refusal.WRONG),
    ({"sub": ""}, Refusal.WRONG),
    ({"sub": 7}, Refusal.WRONG),
    ({"sub": "a\x00b"}, Refusal.WRONG),
    ({"sub": "a\nb"}, Refusal.WRONG),
    ({"sub": "a" * 201}, Refusal.WRONG),
    ({"sub": "admin-token"}, Refusal.WRONG),
]


@pytest.mark.parametrize(("claims", "refusal"), TIMES)
async def test_a_token_needs_a_subject_and_is_in_force_for_its_time_only(
    paseto: PasetoTokens, jwts: JwtTokens, shared_issuer: Issuer, claims: dict[str, Any], refusal: Any
):
    """PASETO and JWT alike, with half a minute for clocks that differ."""
    given = claims_at(NOW, **claims)
    verdicts = [await paseto.caller_of(paseto_of(given)), await jwts.caller_of(shared_issuer.sign(given))]
    if refusal is None:
        assert all(isinstance(verdict, Caller) for verdict in verdicts)
    else:
        assert verdicts == [refusal, refusal]


@pytest.mark.parametrize(
    ("claim", "role"),
    [
        ("admin", Role.ADMIN),
        ("ADMIN", Role.ADMIN),
        ("operator", Role.OPERATOR),
        (["viewer", "operator", "accounting"], Role.OPERATOR),
        ("root", Role.VIEWER),
        ("", Role.VIEWER),
        ([], Role.VIEWER),
        ([["admin"]], Role.VIEWER),
        ({"admin": True}, Role.VIEWER),
        (7, Role.VIEWER),
        (None, Role.VIEWER),
    ],
)
async def test_the_role_is_claimed_and_without_a_known_one_the_caller_only_reads(
    paseto: PasetoTokens, claim: Any, role: Role
):
    """One name or several, of which the highest counts."""
    caller = await paseto.caller_of(paseto_of(claims_at(NOW, claim)))
    assert isinstance(caller, Caller)
    assert caller.role == role


async def test_the_role_may_be_in_another_claim(clock: FakeClock):
    """Keycloak has it deep inside, Auth0 under an URL."""
    claims = {"realm_access": {"roles": ["operator"]}, "https://us/roles": "admin"}
    token = paseto_of(claims_at(NOW, None, **claims))
    for claim, role in (
        ("realm_access.roles", Role.OPERATOR),
        ("https://us/roles", Role.ADMIN),
        ("realm_access.roles.first", Role.VIEWER),
    ):
        caller = await PasetoTokens(PASETO_KEY, claim, clock).caller_of(token)
        assert isinstance(caller, Caller)
        assert caller.role == role


@pytest.mark.parametrize("kind", ["EC", "RSA"])
async def test_a_jwt_of_the_issuer_belongs_to_its_subject(clock: FakeClock, kind: str):
    """Signed with either kind of key, named or not."""
    issuer = Issuer()
    issuer.withdraw_key("first")
    issuer.add_key("second", kind)
    jwts = JwtTokens(KeySet("", clock, issuer.fetch), ISSUER, AUDIENCE, "role", clock)
    claims = claims_at(NOW, "admin", aud=["other", AUDIENCE])
    only = issuer.sign(claims, None, issuer.withdraw_key("second"))
    issuer.add_key("second", kind)
    assert await jwts.caller_of(issuer.sign(claims, "second")) == Caller(SUBJECT, Role.ADMIN, NOW + HOUR)
    assert await jwts.caller_of(only) is Refusal.WRONG


async def test_a_jwt_for_somebody_else_or_by_somebody_else_is_refused(jwts: JwtTokens, shared_issuer: Issuer):
    """Issuer, audience and signature have to be right, each of them."""
    stranger, claims = Issuer(), claims_at(NOW, "admin")
    for token in (
        stranger.sign(claims),
        shared_issuer.sign(claims | {"iss": "https://other.test"}),
        shared_issuer.sign(claims | {"iss": ISSUER + "/"}),
        shared_issuer.sign(claims | {"aud": "other"}),
        shared_issuer.sign(claims | {"aud": []}),
        shared_issuer.sign(claims)[:-4],
        shared_issuer.sign(claims, "unknown", stranger.withdraw_key("first")),
        "a.b.c",
        "..",
        f"{encoded({'alg': 'ES256', 'kid': ['first']})}.e30.AA",
        f"{encoded([])}.e30.AA",
    ):
        assert await jwts.caller_of(token) is Refusal.WRONG, token


async def test_the_algorithm_is_the_keys_and_not_the_tokens(jwts: JwtTokens, shared_issuer: Issuer):
    """Neither `none`, nor an HMAC with the public key as its secret, nor another signature algorithm."""
    claims = {"iss": ISSUER, "aud": AUDIENCE} | claims_at(NOW, "admin")
    in_json = {name: value.timestamp() if name in ("exp", "iat") else value for name, value in claims.items()}
    unsigned = f"{encoded({'alg': 'none', 'kid': 'first'})}.{encoded(in_json)}."
    public = shared_issuer.public_key("first").public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signed_part = f"{encoded({'alg': 'HS256', 'kid': 'first'})}.{encoded(in_json)}"
    forged = f"{signed_part}.{encoded(hmac.digest(public, signed_part.encode(), 'sha256'))}"
    other = Issuer()
    other.add_key("rsa", "RSA")
    mixed = jwt.encode(claims, other.withdraw_key("rsa"), "RS256", {"kid": "first"})
    for token in (unsigned, forged, mixed):
        assert await jwts.caller_of(token) is Refusal.WRONG


async def test_a_rotated_key_works_at_once(clock: FakeClock):
    """A token that names a new key lets the keys be fetched again."""
    issuer = Issuer()
    keys = KeySet("", clock, issuer.fetch)
    assert await keys.find("first") is not None
    issuer.add_key("second")
    await clock.advance(seconds=RETRY_SECONDS)
    assert await keys.find("second") is not None
    assert issuer.fetches == 2


async def test_unknown_keys_cause_few_fetches(clock: FakeClock):
    """Whoever invents key ids does not make us a weapon against the issuer."""
    issuer = Issuer()
    keys = KeySet("", clock, issuer.fetch)
    for number in range(100):
        assert await keys.find(f"invented {number}") is None
    assert issuer.fetches == 1


async def test_a_withdrawn_key_is_refused_after_ten_minutes(clock: FakeClock):
    """The keys are fetched again when they are old."""
    issuer = Issuer()
    keys = KeySet("", clock, issuer.fetch)
    assert await keys.find("first") is not None
    issuer.add_key("second")
    issuer.withdraw_key("first")
    assert await keys.find("first") is not None
    await clock.advance(seconds=FRESH_SECONDS)
    assert await keys.find("first") is None


async def test_known_keys_outlive_an_issuer_that_is_away(clock: FakeClock):
    """Old keys are kept, unknown ones undecided, and the issuer is asked again every ten seconds."""
    issuer = Issuer()
    keys = KeySet("", clock, issuer.fetch)
    assert await keys.find("first") is not None
    issuer.is_away = True
    await clock.advance(days=2)
    with capture_logs() as lines:
        for _ in range(5):
            assert await keys.find("first") is not None
            with pytest.raises(KeysUnavailable):
                await keys.find("second")
    assert issuer.fetches == 2
    assert [line["event"] for line in lines] == ["jwks_unavailable"]
    issuer.is_away = False
    issuer.add_key("second")
    await clock.advance(seconds=RETRY_SECONDS)
    assert await keys.find("second") is not None


async def test_a_token_cannot_be_judged_without_keys(clock: FakeClock):
    """That is the issuer's fault and not the caller's."""
    issuer = Issuer()
    issuer.is_away = True
    jwts = JwtTokens(KeySet("", clock, issuer.fetch), ISSUER, AUDIENCE, "role", clock)
    assert await jwts.caller_of(issuer.sign(claims_at(NOW))) is Refusal.NO_KEYS


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{}",
        b"[]",
        b'{"keys": {}}',
        b'{"keys": [7, {}, {"kty": "RSA"}]}',
        b'{"keys": [{"kty": "oct", "kid": "first", "k": "c2VjcmV0"}]}',
        b'{"keys": [{"kty": "EC", "crv": "P-256", "kid": "first", "x": "AA", "y": "AA"}]}',
        b"\xff" * 10,
    ],
)
async def test_what_is_no_key_set_replaces_none(clock: FakeClock, document: bytes):
    """A shared secret among the keys is no key either: who can check with it can sign with it."""
    issuer = Issuer()
    answers = iter([await issuer.fetch(""), document])

    async def fetch(_: str) -> bytes:
        return next(answers)

    keys = KeySet("", clock, fetch)
    assert await keys.find("first") is not None
    await clock.advance(seconds=FRESH_SECONDS)
    assert await keys.find("first") is not None


async def test_one_fetch_serves_all_who_wait(clock: FakeClock):
    """And who has a key does not wait at all."""
    issuer, arrived, go_on = Issuer(), asyncio.Event(), asyncio.Event()
    document = await issuer.fetch("")

    async def fetch(_: str) -> bytes:
        arrived.set()
        await go_on.wait()
        return document

    keys = KeySet("", clock, fetch)
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(keys.find("first")) for _ in range(10)]
        await arrived.wait()
        go_on.set()
    assert all(task.result() is not None for task in waiting)
    arrived.clear()
    go_on.clear()
    await clock.advance(seconds=FRESH_SECONDS)
    async with asyncio.TaskGroup() as tasks:
        slow = tasks.create_task(keys.find("first"))
        await arrived.wait()
        clock.jump_to(clock.now() + timedelta(seconds=RETRY_SECONDS))
        assert await keys.find("first") is not None
        assert not slow.done()
        go_on.set()


def encoded(content: Any) -> str:
    """Return a part of a JWT."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
