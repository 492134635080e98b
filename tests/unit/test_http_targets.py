"""Which hosts and addresses an `http` job may reach."""

from ipaddress import ip_address

import pytest
from yarl import URL

from service.domain.errors import InvalidSettings, RequestRefused
from service.handlers.http_targets import AllowedHosts, is_public

ALLOWED = AllowedHosts(
    [
        "API.Example.com",
        "internal.example:8080",
        "bücher.example",
        "10.0.0.5",
        "10.1.0.0/16",
        "[fd00::5]:9000",
    ]
)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/x?y=1",
        "http://API.EXAMPLE.COM.:80",
        "http://internal.example:8080",
        "https://xn--bcher-kva.example",
        "https://bücher.example",
        "http://10.0.0.5",
        "https://10.1.2.3",
        "http://[::ffff:10.0.0.5]",
        "http://[fd00::5]:9000",
    ],
)
def test_listed_hosts_are_allowed_at_their_ports(url):
    """Names in any case and script, addresses in any notation; 80 and 443 where no port is listed."""
    ALLOWED.check_host(URL(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://api.example.com.evil.test",
        "https://evil-api.example.com",
        "https://api.example.com:8443",
        "http://internal.example",
        "http://10.0.0.6",
        "http://10.0.0.5:8080",
        "http://[fd00::5]",
        "http://127.1",
        "http://2130706433",
        "http://[::1]",
    ],
)
def test_other_hosts_and_ports_are_refused(url):
    """Neither a similar name nor another port of a listed host is listed."""
    with pytest.raises(RequestRefused, match="is not on CRONSOLE_HTTP_ALLOWED_HOSTS"):
        ALLOWED.check_host(URL(url))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *(
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.0.9",
            "192.88.99.1",
            "198.18.0.1",
            "203.0.113.1",
        ),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
        *("64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1", "3fff::1", "::127.0.0.1"),
    ],
)
def test_special_addresses_are_not_public(address):
    """Loopback, private, link-local, shared, multicast, reserved, and tunnels to any of them."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "172.32.0.1"])
def test_addresses_of_the_internet_are_public(address):
    """What anybody may reach."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("1.1.1.1", True),
        ("10.0.0.5", True),
        ("::ffff:10.0.0.5", True),
        ("10.1.200.1", True),
        ("10.0.0.6", False),
        ("::ffff:127.0.0.1", False),
        ("fd00::5", False),
    ],
)
def test_a_name_may_lead_to_public_and_to_listed_addresses(address, is_allowed):
    """An address that is listed with a port counts for that port only."""
    url = URL("http://internal.example:8080")
    if is_allowed:
        ALLOWED.check_address(ip_address(address), url)
    else:
        with pytest.raises(RequestRefused, match=r"internal.example:8080 leads to .*, which is no public"):
            ALLOWED.check_address(ip_address(address), url)


@pytest.mark.parametrize(
    "entry",
    ["*.example.com", "https://example.com", "example.com/x", "example.com:0", "example.com:99999",
     "10.0.0.1/8", "127.1", "0x7f.1", "", "a b", "user@example.com", "[::1", "::1:80:"],
)  # fmt: skip
def test_an_entry_that_cannot_be_read_is_a_fault_of_the_settings(entry):
    """The service does not start with a list that means something else than it says."""
    with pytest.raises(InvalidSettings, match="CRONSOLE_HTTP_ALLOWED_HOSTS: "):
        AllowedHosts(["example.com", entry])
