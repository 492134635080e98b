"""What an `http` job may ask for: its parameters, and the request that they describe."""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET
from yarl import URL

from service.domain.errors import InvalidInput

Status = Annotated[int, msgspec.Meta(ge=100, le=599)]
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token: RFC 9110, section 5.6.2
HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110, section 5.5
# What frames the message, what belongs to the connection, and what the service says of itself.
RESERVED_HEADERS = {
    *("host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer"),
    *("expect", "accept-encoding", "proxy-authorization", "proxy-connection"),
}
OWN_PREFIX = "x-cronsole-"
WITHOUT_BODY = {"GET", "HEAD"}


class HttpParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request, and which statuses of the answer are a success: 200 to 299 unless said."""

    url: str
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: dict[str, str] = {}
    json: Any = UNSET
    body: str | None = None
    expect_status: Status | Annotated[list[Status], msgspec.Meta(min_length=1)] | None = None

    def __post_init__(self) -> None:
        # Raised as ValueError, which msgspec turns into its own; no message holds a value: it may be secret.
        has_json = self.json is not UNSET
        if has_json and self.body is not None:
            raise ValueError("json and body exclude each other")
        if (has_json or self.body is not None) and self.method in WITHOUT_BODY:
            raise ValueError(f"a {self.method} request has no body; set method to POST, say")
        for name, value in self.headers.items():
            if not HEADER_NAME.fullmatch(name):
                raise ValueError("a name in headers is no header name")
            if name.lower() in RESERVED_HEADERS or name.lower().startswith(OWN_PREFIX):
                raise ValueError(f"the header {name} is set by the service")
            if not HEADER_VALUE.fullmatch(value):
                raise ValueError(
                    f"the value of the header {name} holds a line break or another control character"
                )

    def is_expected(self, status: int) -> bool:
        """Whether an answer of this status is a success."""
        match self.expect_status:
            case None:
                return 200 <= status <= 299
            case int(expected):
                return status == expected
            case several:
                return status in several

    @property
    def expectation(self) -> str:
        """The expected statuses for a message."""
        match self.expect_status:
            case None:
                return "200 to 299"
            case int(expected):
                return str(expected)
            case several:
                return " or ".join(map(str, several))


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request on its way, the first or one that a redirect leads to."""

    method: str
    url: URL
    headers: dict[str, str]
    body: bytes | None = None


def first_request(params: HttpParams) -> Request:
    """Return the request that the parameters describe.

    Raises:
        InvalidInput: the URL cannot be read, or is none that a job may use.
    """
    headers = {"User-Agent": "cronsole", **params.headers}
    body = None
    if params.json is not UNSET:
        body, kind = msgspec.json.encode(params.json), "application/json"
    elif params.body is not None:
        body, kind = params.body.encode(), "text/plain; charset=utf-8"
    if body is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = kind
    return Request(method=params.method, url=read_url(params.url), headers=headers, body=body)


def read_url(text: str) -> URL:
    """Read a URL of http or https.

    Raises:
        InvalidInput: it is none, or it has a user in it; the message does not show it.
    """
    try:
        url = URL(text)
        _ = url.port
    except ValueError:
        raise InvalidInput("params.url", "params.url cannot be read as a URL") from None
    if url.scheme not in ("http", "https") or not url.raw_host:
        raise InvalidInput("params.url", "params.url must begin with http:// or https:// and a host")
    if url.raw_user is not None or url.raw_password is not None:
        raise InvalidInput("params.url", "params.url must hold no user; use the header Authorization")
    return url
