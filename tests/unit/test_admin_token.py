"""The development token."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.admin_token import ensure_admin_token
from service.domain.errors import InvalidSettings


def test_a_token_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path):
    """A restart keeps the token that people have in their shells."""
    data_dir = tmp_path / "deep" / "data"
    token = ensure_admin_token(data_dir)
    assert len(token) == 43
    assert ensure_admin_token(data_dir) == token
    assert (data_dir / "admin-token").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in data_dir.iterdir()] == ["admin-token"]


def test_replicas_that_start_together_share_one_token(tmp_path: Path):
    """The first to finish its file wins, and nobody reads half a file."""
    with ThreadPoolExecutor(8) as threads:
        tokens = set(threads.map(lambda _: ensure_admin_token(tmp_path), range(40)))
    assert len(tokens) == 1


def test_a_file_without_a_token_is_refused(tmp_path: Path):
    """An empty file must not become an empty password."""
    (tmp_path / "admin-token").touch()
    with pytest.raises(InvalidSettings, match="delete it"):
        ensure_admin_token(tmp_path)


def test_a_folder_that_cannot_be_made_is_a_fault_of_the_settings(tmp_path: Path):
    """The fault names the setting."""
    (tmp_path / "file").touch()
    with pytest.raises(InvalidSettings, match="CRONSOLE_DATA_DIR"):
        ensure_admin_token(tmp_path / "file")
