"""Sees to a Chromium for the browser tests: the system's, else Debian's, else Playwright's own.

`python -m tests.support.chromium` is what `make browser` runs; it costs nothing where there is one already.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A machine without any font shows every letter as a box, and measures no width rightly.
DEBIAN_PACKAGES = ("chromium", "fonts-dejavu-core")
INSTALL_SECONDS = 600


def system_chromium() -> str | None:
    """Return the path of a Chromium or Chrome on PATH, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def run(*command: str) -> bool:
    """Run an installer, which may say what it likes; answer whether it went well."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(command, env=environment, timeout=INSTALL_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired) as fault:
        print(f"{command[0]}: {fault}", file=sys.stderr)
        return False


def installed_from_debian() -> bool:
    """Install Debian's package, which only root can do; answer whether there is a Chromium now."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    print("Installing Debian's chromium, for the browser tests (once) ...", flush=True)
    quiet: Sequence[str] = ("apt-get", "-qq", "-o", "Dpkg::Use-Pty=0")
    install = (*quiet, "install", "--yes", "--no-install-recommends", *DEBIAN_PACKAGES)
    return run(*quiet, "update") and run(*install) and system_chromium() is not None


def playwrights_chromium() -> str | None:
    """Return the path of the Chromium that `playwright install` has fetched, if it has."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find_chromium() -> str:
    """Return the path of the Chromium to test with.

    Raises:
        FileNotFoundError: there is none; the message says what to do.
    """
    if path := system_chromium() or playwrights_chromium():
        return path
    raise FileNotFoundError("there is no chromium to test the console with: `make browser` installs one")


def main() -> int:
    """Install a Chromium if there is none; the exit status says whether there is one."""
    if system_chromium() or playwrights_chromium() or installed_from_debian():
        return 0
    print("Installing Playwright's own chromium, for the browser tests (once) ...", flush=True)
    if run(sys.executable, "-m", "playwright", "install", "chromium") and playwrights_chromium():
        return 0
    print(
        "The browser tests need a Chromium, and none could be installed: neither is one on PATH "
        f"({', '.join(NAMES)}), nor did apt-get (as root, on Debian) or `playwright install chromium` bring "
        "one. Install one by hand, then run this again.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
