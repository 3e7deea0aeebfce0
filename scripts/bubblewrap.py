"""Print the path of bubblewrap, the sandbox of the grader; install it if need be.

    python scripts/bubblewrap.py

The path goes to stdout, all else to stderr. Other systems than Linux have none: there
the tests of the sandbox are left out.
"""

import shutil
import sys

from chromium import attempt, package_commands

ADVICE = """bubblewrap.py: No bwrap was found and none could be installed (the reasons
are above). Install the package bubblewrap as your system does it, and try again."""


def main():
    if sys.platform != "linux":
        print("no bubblewrap on this system; its tests are left out", file=sys.stderr)
        return
    if shutil.which("bwrap") is None:
        for command in package_commands("bubblewrap"):
            attempt(command)
    print(shutil.which("bwrap") or sys.exit(ADVICE))


if __name__ == "__main__":
    main()
