"""Where `http` jobs may send requests: listed hosts, at public addresses or at listed ones."""

import asyncio
import re
import socket
import threading
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

import msgspec
from yarl import URL

from service.domain.errors import InvalidSettings, RequestFailed, RequestRefused

SETTING = "CRONSOLE_HTTP_ALLOWED_HOSTS"
Address: TypeAlias = IPv4Address | IPv6Address

USUAL_PORTS = frozenset({80, 443})
NAME = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
)
# What a resolver would take for an address in an old notation: 127.1, 0x7f.1, 2130706433.
NUMERIC = re.compile(r"(.*\.)?(\d+|0x[0-9a-f]*)")
WITH_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>\d{1,5}))?")

# Beyond what Python's ipaddress calls private; IANA's special-purpose registries:
# https://www.iana.org/assignments/iana-ipv4-special-registry, .../iana-ipv6-special-registry
ALSO_SPECIAL = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
IPV6_GLOBAL = IPv6Network("2000::/3")
# Tunnels (6to4, Teredo), which carry another address inside, and the newer block for documentation.
IPV6_SPECIAL = (IPv6Network("2002::/16"), IPv6Network("2001::/23"), IPv6Network("3fff::/20"))

MOST_LOOKUPS = 8


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the list: a name, or a network of addresses; without a port, 80 and 443 are meant."""

    name: str | None = None
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None

    def allows(self, host: str | Address, port: int) -> bool:
        """Whether a URL may name this host and port."""
        is_host = host == self.name if isinstance(host, str) else self.holds(host)
        return is_host and (port == self.port if self.port else port in USUAL_PORTS)

    def holds(self, address: Address) -> bool:
        """Whether the entry is of addresses, and of this one too."""
        return (
            self.network is not None and address.version == self.network.version and address in self.network
        )

    def lets_names_lead_to(self, address: Address, port: int) -> bool:
        """Whether an allowed name may stand for this address, public or not."""
        return self.holds(address) and self.port in (None, port)


class AllowedHosts:
    """The list of the setting `CRONSOLE_HTTP_ALLOWED_HOSTS`.

    An entry is a name (`api.example.com`), an address (`10.0.0.5`, `[fd00::5]`) or a network (`10.0.0.0/8`);
    names and addresses may have a port (`internal.example:8080`). A URL's host must be on the list. A name
    must moreover lead to public addresses only, or to such as are listed themselves.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        """Read the entries.

        Raises:
            InvalidSettings: with every entry that cannot be read.
        """
        self._entries: list[Entry] = []
        faults = []
        for text in entries:
            try:
                self._entries.append(read_entry(text))
            except ValueError as fault:
                faults.append((SETTING, f"{text!r}: {fault}"))
        if faults:
            raise InvalidSettings(faults)

    def check_host(self, url: URL) -> Address | None:
        """Check the host and port of a URL; returns the address if the URL names one.

        Raises:
            RequestRefused: they are not on the list.
        """
        host, port = canonical_host(url.raw_host or ""), url.port or 0
        if not any(entry.allows(host, port) for entry in self._entries):
            raise RequestRefused(f"{place_of(url)} is not on {SETTING}")
        return None if isinstance(host, str) else host

    def check_address(self, address: Address, url: URL) -> None:
        """Check an address that the name in the URL leads to.

        Raises:
            RequestRefused: it is neither public nor listed.
        """
        address = unmapped(address)
        if is_public(address):
            return
        if not any(entry.lets_names_lead_to(address, url.port or 0) for entry in self._entries):
            raise RequestRefused(
                f"{place_of(url)} leads to {address}, which is no public address and not on {SETTING}"
            )

    async def addresses_of(self, url: URL, lookup: "Lookup") -> list[str]:
        """Return the addresses that the URL's host has now, every one of them allowed.

        Raises:
            RequestRefused: the host or one of its addresses is not allowed.
            RequestFailed: the name is unknown.
        """
        if (literal := self.check_host(url)) is not None:
            return [str(literal)]
        addresses = await lookup.addresses_of(url)
        for address in addresses:
            self.check_address(ip_address(address), url)
        return addresses


class Lookup:
    """Asks the system for the addresses of names, on threads of its own.

    A name server that does not answer keeps a thread for half a minute; the event loop's own threads, which
    the database's connections need too, must not wait for it, and neither must the end of the process.
    """

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(MOST_LOOKUPS)

    async def addresses_of(self, url: URL) -> list[str]:
        """Return the addresses of the URL's host.

        Raises:
            RequestFailed: it has none.
        """
        host, loop = url.raw_host or "", asyncio.get_running_loop()
        found: asyncio.Future[list[str]] = loop.create_future()

        def finish(addresses: list[str]) -> None:
            self._slots.release()
            if not found.done():
                found.set_result(addresses)

        def ask() -> None:
            try:
                answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
                addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
            except (OSError, UnicodeError):
                addresses = []
            try:
                loop.call_soon_threadsafe(finish, addresses)
            except RuntimeError:
                return  # the service has ended meanwhile

        await self._slots.acquire()
        threading.Thread(target=ask, name=f"look up {host}", daemon=True).start()
        addresses = await found
        if not addresses:
            raise RequestFailed(f"{place_of(url)}: no address is known for this name")
        return addresses


def read_entry(text: str) -> Entry:
    """Read one entry of the list.

    Raises:
        ValueError: what is wrong with it.
    """
    text = text.strip()
    try:
        return Entry(network=ip_network(text))
    except ValueError as fault:
        if "has host bits set" in str(fault):
            raise ValueError("a network's address has zeros where hosts have their bits") from None
    if "*" in text:
        raise ValueError("there are no wildcards; list each host")
    found = WITH_PORT.fullmatch(text)
    if found is None or "/" in text:
        raise ValueError("expected a host, an address or a network, without a scheme or a path")
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port <= 65_535:
        raise ValueError(f"{port} is no port")
    try:
        host = canonical_host(URL.build(scheme="http", host=found["host"].strip("[]")).raw_host or "")
    except ValueError:
        host = ""
    if not isinstance(host, str):
        return Entry(network=ip_network(host), port=port)
    if not NAME.fullmatch(host) or NUMERIC.fullmatch(host):
        raise ValueError("expected a host name, an address or a network")
    return Entry(name=host, port=port)


def canonical_host(host: str) -> str | Address:
    """Return a host as the list compares it: an address, or a name in lower case without the root's dot."""
    try:
        return unmapped(ip_address(host))
    except ValueError:
        return host.lower().removesuffix(".")


def unmapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one such as ::ffff:10.0.0.1 stands for, else the address."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_public(address: Address) -> bool:
    """Answer whether an address is one of the open internet: no loopback, private, link-local or the like."""
    if isinstance(address, IPv6Address):
        is_special = any(address in network for network in IPV6_SPECIAL)
        return address.is_global and address in IPV6_GLOBAL and not is_special
    is_special = any(address in network for network in ALSO_SPECIAL)
    return address.is_global and not (address.is_multicast or address.is_reserved or is_special)


def place_of(url: URL) -> str:
    """Name the host and port of a URL for a message, and nothing else of it."""
    host = url.raw_host or "?"
    return f"{f'[{host}]' if ':' in host else host}:{url.port}"[:300]
