"""The types that the console is written with are those of today's API."""

from pathlib import Path

from tests.support.api_types import COMMITTED, write_types


def test_the_committed_types_are_what_the_generator_makes_of_the_api(tmp_path: Path):
    """A field that is renamed breaks the console's build, and not its page; `make api-types` renews them."""
    made = tmp_path / "schema.ts"
    write_types(made)
    assert made.read_text(encoding="utf-8") == COMMITTED.read_text(encoding="utf-8")
