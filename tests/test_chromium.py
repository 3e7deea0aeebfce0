"""The order in which a Chromium is looked for; nothing here installs or downloads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import chromium

ASK_PLAYWRIGHT = chromium.ASK_PLAYWRIGHT  # half a second each time

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-ins for programs are shell scripts"
)


def program(path, status=0):
    """A stand-in that ends with a status, made executable; its path as a string."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho Chromium 1.0\nexit {status}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without any Chromium; its bin folder, the only one on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.delenv("CNNBOOK_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(chromium, "ASK_PLAYWRIGHT", "")
    monkeypatch.setattr(chromium, "usual_places", list)
    return folder


@pytest.fixture
def playwrights(bare, monkeypatch):
    """Where the real Playwright would keep its Chromium on that machine."""
    monkeypatch.setattr(chromium, "ASK_PLAYWRIGHT", ASK_PLAYWRIGHT)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(bare.parent / "playwright"))
    command = [sys.executable, "-c", ASK_PLAYWRIGHT]
    path = Path(subprocess.check_output(command, text=True, timeout=60).strip())
    assert bare.parent in path.parents
    return path


@pytest.fixture
def commands(monkeypatch):
    """The commands that would have been run; each of them fails."""
    ran = []

    def fail(command):
        ran.append(command)
        return False

    monkeypatch.setattr(chromium, "attempt", fail)
    return ran


INSTALL_OWN = [sys.executable, "-m", "playwright", "install", "chromium"]


# Looking


def test_nothing_there(bare):
    assert chromium.find_chromium() is None


def test_order_of_search(bare, playwrights, monkeypatch):
    system = program(bare / "chromium")
    assert chromium.find_chromium() == system
    own = program(playwrights)
    assert chromium.find_chromium() == own
    named = program(bare.parent / "named")
    monkeypatch.setenv("CNNBOOK_CHROMIUM", named)
    assert chromium.find_chromium() == named


@pytest.mark.parametrize("absent", ["folder", "plain", "missing"])
def test_named_but_no_program(bare, monkeypatch, absent):
    program(bare / "chromium")  # not taken instead
    (bare / "folder").mkdir()
    (bare / "plain").write_text("no program")
    monkeypatch.setenv("CNNBOOK_CHROMIUM", str(bare / absent))
    with pytest.raises(FileNotFoundError, match=f"CNNBOOK_CHROMIUM.*{absent}"):
        chromium.find_chromium()


def test_named_by_command_or_short_path(bare, monkeypatch):
    path = program(bare / "mine")
    monkeypatch.setenv("CNNBOOK_CHROMIUM", "mine")
    assert chromium.find_chromium() == path
    monkeypatch.chdir(bare.parent)
    monkeypatch.setenv("CNNBOOK_CHROMIUM", os.path.join("bin", "mine"))
    assert chromium.find_chromium() == path
    monkeypatch.setenv("HOME", str(bare.parent))
    monkeypatch.setenv("CNNBOOK_CHROMIUM", "~/bin/mine")
    assert chromium.find_chromium() == path


def test_empty_name_is_no_name(bare, monkeypatch):
    monkeypatch.setenv("CNNBOOK_CHROMIUM", "")
    assert chromium.find_chromium() is None


@pytest.mark.parametrize("name", chromium.NAMES)
def test_each_name_of_the_system(bare, name):
    path = program(bare / name)
    assert chromium.find_chromium() == path


def test_usual_places_come_last(bare, monkeypatch):
    usual = program(bare.parent / "Applications" / "Chromium")
    monkeypatch.setattr(chromium, "usual_places", lambda: ["/no/such", usual])
    assert chromium.find_chromium() == usual
    system = program(bare / "google-chrome")
    assert chromium.find_chromium() == system


def test_programs_that_do_not_start_are_passed_over(bare, playwrights):
    program(playwrights, status=127)  # lacks a library
    program(bare / "chromium", status=1)  # a stub
    (bare / "chromium-browser").write_bytes(b"\x7fELF")  # for another machine
    (bare / "chromium-browser").chmod(0o755)
    assert chromium.find_chromium() is None
    chrome = program(bare / "google-chrome")
    assert chromium.find_chromium() == chrome


def test_without_playwright(bare, monkeypatch):
    monkeypatch.setattr(chromium, "ASK_PLAYWRIGHT", "import no_such_module")
    system = program(bare / "chromium")
    assert chromium.find_chromium() == system


def test_places_of_macos_and_windows(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setattr("sys.platform", "darwin")
    places = chromium.usual_places()
    chrome = "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    assert {f"/{chrome}", f"/home/me/{chrome}"} < set(places)
    for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PROGRAMFILES", "/files")
    monkeypatch.setattr("sys.platform", "win32")
    assert "/files/Google/Chrome/Application/chrome.exe" in chromium.usual_places()
    monkeypatch.setattr("sys.platform", "linux")
    assert chromium.usual_places() == []


# Installing


def test_installs_playwrights_own_first(bare, playwrights, monkeypatch):
    program(bare / "apt-get")  # could be used, is not
    monkeypatch.setattr("os.geteuid", lambda: 0)
    ran = []

    def install(command):
        ran.append(command)
        program(playwrights)

    monkeypatch.setattr(chromium, "attempt", install)
    assert chromium.install_chromium() == str(playwrights)
    assert ran == [INSTALL_OWN]


def test_then_the_systems_package(bare, commands, monkeypatch):
    program(bare / "apt-get")
    monkeypatch.setattr("os.geteuid", lambda: 0)

    def install(command):
        commands.append(command)
        if command[:2] == ["apt-get", "install"]:
            program(bare / "chromium")

    monkeypatch.setattr(chromium, "attempt", install)
    assert chromium.install_chromium() == str(bare / "chromium")
    assert commands == [
        INSTALL_OWN,
        ["apt-get", "update"],
        ["apt-get", "install", "-y", "chromium"],
    ]


def test_dnf_by_sudo(bare, commands, monkeypatch):
    program(bare / "dnf")
    program(bare / "sudo")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(chromium, "attempt", lambda c: c == ["sudo", "-n", "true"])
    install = ["sudo", "-n", "dnf", "install", "-y", "chromium"]
    assert chromium.package_commands("chromium") == [install]


def test_sudo_that_wants_a_password_is_not_used(bare, commands, monkeypatch):
    program(bare / "apt-get")
    program(bare / "sudo")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert chromium.package_commands("chromium") == []
    assert commands == [["sudo", "-n", "true"]]


def test_no_way_to_become_root(bare, commands, monkeypatch):
    program(bare / "apt-get")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert chromium.package_commands("chromium") == []
    monkeypatch.delattr("os.geteuid")  # Windows
    assert chromium.package_commands("chromium") == []
    assert commands == []


def test_root_without_a_known_package_manager(bare, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert chromium.package_commands("chromium") == []


def test_when_all_fails_says_what_to_do(bare, commands, monkeypatch):
    monkeypatch.setattr(chromium, "find_chromium", lambda: None)
    with pytest.raises(RuntimeError) as caught:
        chromium.install_chromium()
    for part in ("playwright install", "Google Chrome", "CNNBOOK_CHROMIUM"):
        assert part in str(caught.value)


def test_commands_keep_stdout_clean(capfd):
    assert chromium.attempt([sys.executable, "-c", "print('progress')"])
    assert not chromium.attempt([sys.executable, "-c", "raise SystemExit(3)"])
    assert not chromium.attempt(["/no/such/program"])
    out, err = capfd.readouterr()
    assert out == ""
    assert "\nprogress\n" in err
    assert "status 3" in err
    assert "/no/such/program" in err


# The command line


def run_script():
    command = [sys.executable, chromium.__file__]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False
    )


def test_prints_the_path_alone(bare, monkeypatch):
    monkeypatch.setenv("CNNBOOK_CHROMIUM", program(bare / "mine"))
    done = run_script()
    assert (done.returncode, done.stdout) == (0, f"{bare / 'mine'}\n")


def test_fails_with_a_message_not_a_traceback(bare, monkeypatch):
    monkeypatch.setenv("CNNBOOK_CHROMIUM", str(bare / "mine"))
    done = run_script()
    assert (done.returncode, done.stdout) == (1, "")
    assert "CNNBOOK_CHROMIUM must name a program" in done.stderr
    assert "Traceback" not in done.stderr


def test_installs_only_when_nothing_is_found(monkeypatch, capsys):
    monkeypatch.setattr(chromium, "install_chromium", lambda: "installed")
    monkeypatch.setattr(chromium, "find_chromium", lambda: "found")
    chromium.main()
    monkeypatch.setattr(chromium, "find_chromium", lambda: None)
    chromium.main()
    assert capsys.readouterr().out == "found\ninstalled\n"
