"""Which clients take packed answers."""

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from service.api.packing import takes_gzip


@pytest.mark.parametrize(
    ("said", "is_taken"),
    [
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("deflate, GZIP ; Q=0.001", True),
        ("x-gzip", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
        ("identity", False),
        ("br", False),
        ("not-gzip", False),
        ("", False),
    ],
)
def test_gzip_is_for_who_takes_it(said: str, is_taken: bool):
    """A weight of 0 means: not this one."""
    assert takes_gzip(make_mocked_request("GET", "/", headers={"Accept-Encoding": said})) == is_taken


def test_several_headers_are_one_list():
    """And without any the client is not asked to unpack anything."""
    both = CIMultiDict([("Accept-Encoding", "br"), ("Accept-Encoding", "gzip")])
    assert takes_gzip(make_mocked_request("GET", "/", headers=both))
    assert not takes_gzip(make_mocked_request("GET", "/"))
