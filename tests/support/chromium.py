"""Sees to a Chromium for the browser tests: the system's, else Debian's, else Playwright's own.

`python -m tests.support.chromium` is what `make browser` runs. It costs nothing where the best is there: the
headless shell, which takes 0.8 s of processor time to show a page of ours; the whole browser takes 1.9 s.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A machine without any font shows every letter as a box, and measures no width rightly.
FONTS = "fonts-dejavu-core"
INSTALL_SECONDS, UPGRADE_SECONDS = 600, 120


def system_chromium() -> str | None:
    """Return the path of a Chromium or Chrome on PATH, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def run(*command: str, seconds: float = INSTALL_SECONDS) -> bool:
    """Run an installer, which may say what it likes; answer whether it went well."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(command, env=environment, timeout=seconds, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired) as fault:
        print(f"{command[0]}: {fault}", file=sys.stderr)
        return False


def installed_from_debian(seconds: float) -> bool:
    """Install Debian's package, which only root can do; answer whether that went well."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    print(f"Installing Debian's {SHELL}, for the browser tests (once) ...", flush=True)
    quiet = ("apt-get", "-qq", "-o", "Dpkg::Use-Pty=0")
    install = (*quiet, "install", "--yes", "--no-install-recommends", SHELL, FONTS)
    return run(*quiet, "update", seconds=seconds) and run(*install, seconds=seconds)


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
    """Install the best Chromium that can be had here; the exit status says whether there is any."""
    if shutil.which(SHELL):
        return 0
    has_another = bool(system_chromium() or playwrights_chromium())
    if installed_from_debian(UPGRADE_SECONDS if has_another else INSTALL_SECONDS) or has_another:
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
