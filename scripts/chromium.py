"""Print the path of a Chromium for the browser tests; install one where none is.

    python scripts/chromium.py

Taken is the first of: what CNNBOOK_CHROMIUM names, Playwright's own, the system's.
Where there is none, Playwright's is installed or, where its host cannot be reached,
the system's package. The path goes to stdout, all else to stderr.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Asked in a process of its own: Playwright's sync API refuses to start twice in one
ASK_PLAYWRIGHT = """
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    print(p.chromium.executable_path)
"""

ADVICE = """No Chromium was found and none could be installed (the reasons are above).
Do one of these and try again:
- with a network: python -m playwright install --with-deps chromium
- install Chromium or Google Chrome as your system does it
- set CNNBOOK_CHROMIUM to the path of a Chromium that you have"""


def find_chromium():
    """The path of a Chromium that is installed, or None; installs nothing.

    Raises:
        FileNotFoundError: CNNBOOK_CHROMIUM names what is not a program.
    """
    return named_chromium() or playwright_chromium() or system_chromium()


def install_chromium():
    """Install a Chromium and return its path.

    Raises:
        RuntimeError: every way failed; the message says what to do.
    """
    attempt([sys.executable, "-m", "playwright", "install", "chromium"])
    if path := find_chromium():
        return path
    for command in package_commands("chromium"):
        attempt(command)
    if path := find_chromium():
        return path
    raise RuntimeError(ADVICE)


def named_chromium():
    """The program that CNNBOOK_CHROMIUM names, None where it is not set."""
    named = os.environ.get("CNNBOOK_CHROMIUM")
    if not named:
        return None
    path = shutil.which(os.path.expanduser(named))
    if path is None:
        raise FileNotFoundError(
            f"CNNBOOK_CHROMIUM must name a program, but is {named}: there is none. "
            "Correct it, or unset it to let this script look."
        )
    return os.path.abspath(path)


def playwright_chromium():
    """The one that Playwright has installed for itself, or None."""
    command = [sys.executable, "-c", ASK_PLAYWRIGHT]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    path = answer.stdout.strip()
    return path if path and starts(path) else None


def system_chromium():
    """The first of the system's own that starts, or None."""
    found = [shutil.which(name) for name in NAMES]
    for path in [*filter(None, found), *usual_places()]:
        if starts(path):
            return path
    return None


def usual_places():
    """Where macOS and Windows keep Chrome and Chromium, which are not on the PATH."""
    if sys.platform == "darwin":
        folders = [Path("/Applications"), Path.home() / "Applications"]
        apps = ["Chromium.app/Contents/MacOS/Chromium"]
        apps += ["Google Chrome.app/Contents/MacOS/Google Chrome"]
    elif sys.platform == "win32":
        bases = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        folders = [Path(os.environ[base]) for base in bases if base in os.environ]
        apps = ["Chromium/Application/chrome.exe"]
        apps += ["Google/Chrome/Application/chrome.exe"]
    else:
        return []
    return [str(folder / app) for app in apps for folder in folders]


def starts(path):
    """Whether it is a program that runs: some are stubs, some lack libraries."""
    if shutil.which(path) is None:
        return False
    if sys.platform == "win32":
        return True  # chrome.exe --version would open a window
    try:
        subprocess.run([path, "--version"], capture_output=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def package_commands(package):
    """What installs a package of the system's, [] if we may not or do not know how."""
    root = root_prefix()
    if root is None:
        return []
    if shutil.which("apt-get"):
        install = [*root, "apt-get", "install", "-y", package]
        return [[*root, "apt-get", "update"], install]
    if shutil.which("dnf"):
        return [[*root, "dnf", "install", "-y", package]]
    return []


def root_prefix():
    """What makes a command run as root: [] if we are, None if we cannot."""
    if not hasattr(os, "geteuid"):
        return None  # Windows
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]  # -n: fail rather than ask for a password
    return sudo if shutil.which("sudo") and attempt([*sudo, "true"]) else None


def attempt(command):
    """Run a command, its output on stderr; whether it succeeded."""
    print("+", *command, file=sys.stderr, flush=True)
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=2, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return False
    return True


def main():
    try:
        print(find_chromium() or install_chromium())
    except (FileNotFoundError, RuntimeError) as error:
        sys.exit(f"chromium.py: {error}")


if __name__ == "__main__":
    main()
