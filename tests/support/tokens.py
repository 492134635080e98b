"""Tokens of every kind, genuine and not, and an issuer with keys."""

import json
from datetime import datetime, timedelta
from typing import Any

import jwt
import pyseto
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER, AUDIENCE = "https://issuer.test", "cronsole"
PASETO_KEY = bytes(range(32))
SUBJECT = "sa:nightly"


def claims_at(now: datetime, role: Any = "viewer", **more: Any) -> dict[str, Any]:
    """Return the claims of a token that is in force for an hour; a claim of None is left out."""
    claims = {"sub": SUBJECT, "role": role, "iat": now, "exp": now + timedelta(hours=1)} | more
    return {name: value for name, value in claims.items() if value is not None}


def paseto_of(claims: dict[str, Any], key: bytes = PASETO_KEY, footer: bytes = b"") -> str:
    """Return a PASETO v4.local."""
    content = json.dumps(claims, default=datetime.isoformat)
    return pyseto.encode(pyseto.Key.new(4, "local", key), content, footer).decode()


class Issuer:
    """Whoever signs JWTs, with a JWKS to be asked for."""

    def __init__(self) -> None:
        self._private: dict[str, Any] = {}
        self.fetches = 0
        self.is_away = False
        self.add_key("first")

    def add_key(self, key_id: str, kind: str = "EC") -> None:
        """Start to use another key."""
        self._private[key_id] = (
            ec.generate_private_key(ec.SECP256R1())
            if kind == "EC"
            else rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        )

    def withdraw_key(self, key_id: str) -> Any:
        """Publish a key no longer, and return it."""
        return self._private.pop(key_id)

    def public_key(self, key_id: str) -> Any:
        """Return the public part of a key."""
        return self._private[key_id].public_key()

    def document(self) -> dict[str, Any]:
        """Return the JWKS."""
        return {"keys": [jwk_of(key) | {"kid": key_id} for key_id, key in self._private.items()]}

    async def fetch(self, _: str) -> bytes:
        """Answer like the URL of the JWKS."""
        self.fetches += 1
        if self.is_away:
            raise OSError("no route")
        return json.dumps(self.document()).encode()

    def sign(self, claims: dict[str, Any], key_id: str | None = "first", key: Any = None) -> str:
        """Return a JWT; `aud` and `iss` are ours unless the claims say otherwise."""
        key = key or self._private[key_id or "first"]
        algorithm = "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "RS256"
        headers = {"kid": key_id} if key_id else {}
        return jwt.encode({"iss": ISSUER, "aud": AUDIENCE} | claims, key, algorithm, headers)


def jwk_of(key: Any) -> dict[str, Any]:
    """Return the public part of a key as a JWK."""
    algorithm = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return dict(json.loads(algorithm.to_jwk(key.public_key()))) | {"use": "sig"}
