"""What publishes the book: workflows, Binder, Colab, any folder of any host."""

import os
import re
import subprocess
import sys
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType

import nbformat
import pytest
import yaml
from IPython.core.interactiveshell import InteractiveShell
from packaging.specifiers import SpecifierSet

from benchmarks import memory
from tests.conftest import QuietHandler, opened
from tests.test_sphinx_ext import GOOD, build, soup

ROOT = Path(__file__).parent.parent
GITHUB = "https://github.com/owner/name"
COLAB = "https://colab.research.google.com/github/owner/name/blob/colab"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())

workflows = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


# Workflows


def workflow(path):
    """A workflow as GitHub reads it; YAML 1.1 takes its key `on` for True."""
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in read.items()}


def steps(read):
    """All steps of all jobs."""
    return [step for job in read["jobs"].values() for step in job.get("steps", [])]


def named(name):
    """The workflow of that name."""
    return workflow(ROOT / ".github" / "workflows" / f"{name}.yml")


@workflows
def test_workflow_has_what_github_asks_for(path):
    read = workflow(path)
    assert set(read) <= {"name", "on", "permissions", "concurrency", "jobs"}
    for job in read["jobs"].values():
        assert ("runs-on" in job) != (job.get("uses", "").startswith("./"))
        assert set(job.get("needs", "").split()) <= set(read["jobs"])
    for step in steps(read):
        assert ("run" in step) != ("uses" in step)


@workflows
def test_actions_are_pinned_and_called_files_exist(path):
    read = workflow(path)
    used = [
        each["uses"]
        for each in [*read["jobs"].values(), *steps(read)]
        if "uses" in each
    ]
    assert used
    for name in used:
        if name.startswith("./"):
            assert (ROOT / name).is_file()
        else:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", name)


@workflows
def test_scripts_are_bash(path):
    for step in steps(workflow(path)):
        script = step.get("run", "")
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        assert "${{" not in script  # what comes from outside is no code


def test_each_job_may_do_what_it_needs_and_no_more():
    test, publish = named("test"), named("publish")
    assert test["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in test["jobs"].values())
    assert publish["permissions"] == {}
    assert {name: job["permissions"] for name, job in publish["jobs"].items()} == {
        "test": {"contents": "read"},
        "pages": {"pages": "write", "id-token": "write"},
        "colab": {"contents": "write"},
    }


def test_everything_is_tested_before_it_is_published():
    test, publish = named("test"), named("publish")
    assert {"push", "pull_request", "workflow_call"} == set(test["on"])
    assert "main" in test["on"]["push"]["branches-ignore"]  # there publish.yml calls it
    assert publish["on"]["push"]["branches"] == ["main"]
    for name in ("pages", "colab"):
        assert publish["jobs"][name]["needs"] == "test"
        assert publish["jobs"][name]["if"] == "github.ref == 'refs/heads/main'"
    done = [step.get("run") or step["uses"] for step in steps(test)]
    sandbox = done.index(
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    )
    published = done.index("actions/upload-pages-artifact@v5")
    assert sandbox < done.index(".ci/run") < published
    assert steps(test)[published]["with"]["path"] == "_build/html"


def git(folder, *arguments):
    """What git says in a folder."""
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, check=True, text=True
    )
    return done.stdout.split()


def push_colab(workspace, temp):
    """Run the last step of the job `colab`."""
    script = named("publish")["jobs"]["colab"]["steps"][-1]["run"]
    known = {"GITHUB_WORKSPACE": workspace, "RUNNER_TEMP": temp, "GITHUB_SHA": "abc"}
    environment = os.environ | {key: str(value) for key, value in known.items()}
    subprocess.run(["bash", "-e", "-c", script], env=environment, check=True)


@pytest.fixture
def checkout(tmp_path):
    """A repository with one commit, and a checkout of it; also where copies stand."""
    git(tmp_path, "init", "--quiet", "--bare", "-b", "main", "origin")
    git(tmp_path, "clone", "--quiet", "origin", "work")
    (tmp_path / "work" / "notebooks").mkdir()
    (tmp_path / "work" / "notebooks" / "01.ipynb").write_text("as in git")
    git(tmp_path / "work", "add", ".")
    git(tmp_path / "work", "commit", "--quiet", "-m", "first")
    git(tmp_path / "work", "push", "--quiet", "origin", "HEAD:main")
    return tmp_path / "work"


def test_the_branch_for_colab_is_one_commit_with_the_copies(checkout, tmp_path):
    copy = tmp_path / "temp" / "colab" / "notebooks" / "01.ipynb"
    copy.parent.mkdir(parents=True)
    for text in ("first", "second"):
        copy.write_text(text)
        push_colab(checkout, tmp_path / "temp")
    origin = tmp_path / "origin"
    assert git(origin, "rev-list", "--count", "colab") == ["1"]
    assert git(origin, "ls-tree", "-r", "--name-only", "colab") == [
        "notebooks/01.ipynb"
    ]
    assert git(origin, "show", "colab:notebooks/01.ipynb") == ["second"]
    assert git(checkout, "status", "--short") == []


def test_without_copies_there_is_no_branch_for_colab(checkout, tmp_path):
    (tmp_path / "temp" / "colab").mkdir(parents=True)  # as the download leaves it
    push_colab(checkout, tmp_path / "temp")
    assert git(tmp_path / "origin", "branch", "--format=%(refname:short)") == ["main"]


# Binder


def test_binder_has_a_python_that_the_package_takes():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = re.search(r'requires-python = "(.+)"', project)[1]
    runtime = (ROOT / ".binder" / "runtime.txt").read_text(encoding="utf-8").strip()
    assert runtime.removeprefix("python-") in SpecifierSet(wanted)


def test_binder_installs_nothing_to_build_or_test_with():
    lines = (ROOT / ".binder" / "requirements.txt").read_text(encoding="utf-8")
    assert [line for line in lines.splitlines() if not line.startswith("#")] == ["uv"]
    script = ROOT / ".binder" / "postBuild"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", script], check=True)
    kept = [
        line for line in script.read_text().splitlines() if "uv pip install" in line
    ]
    assert [line.split()[-1] for line in kept] == ["."]


def test_binder_takes_the_same_nbgrader_as_the_book():
    script = (ROOT / ".binder" / "postBuild").read_text(encoding="utf-8")
    [command] = re.findall(r"\$\((grep .+?)\)", script)
    found = subprocess.run(
        command.split(), cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert re.fullmatch(r"nbgrader==[\d.]+", found.stdout.strip())


# Colab


def linked():
    """A chapter and an assignment that lead to each other, and to more."""
    chapter, task = nbformat.v4.new_notebook(), nbformat.v4.new_notebook()
    links = "[a](../book/assignments/01_task.ipynb) [b](../book/index.md) [c](#size)"
    text = f"# A chapter\n\n{links} [d](https://example.org/x)\n\n## Size\n"
    chapter.cells = [nbformat.v4.new_markdown_cell(text, id="one")]
    text = "# A task\n\n[chapter](../../notebooks/02_linked.ipynb#size)\n"
    task.cells = [nbformat.v4.new_markdown_cell(text, id="one")]
    return {
        "notebooks/02_linked.ipynb": nbformat.writes(chapter),
        "book/assignments/01_task.ipynb": nbformat.writes(task),
    }


def built(folder, url):
    """The `_build` of a small book at this address."""
    done = build(folder, GOOD | linked(), url=url)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "_build"


@pytest.fixture(scope="module")
def on_github(tmp_path_factory):
    """A book whose repository is on GitHub; the address as one copies it."""
    return built(tmp_path_factory.mktemp("github"), f"{GITHUB}.git/")


def buttons(page):
    """The addresses in the menus above a page."""
    return [tag["href"] for tag in soup(page).select("[popover] a")]


def test_notebooks_open_on_colab_and_binder(on_github):
    for name in ("notebooks/02_linked", "book/assignments/01_task"):
        found = buttons(on_github / "html" / f"{name}.html")
        assert f"{COLAB}/{name}.ipynb" in found
        binder = "https://mybinder.org/v2/gh/owner/name/main?urlpath=lab/tree"
        assert f"{binder}/{name}.ipynb" in found
        assert (on_github / "colab" / f"{name}.ipynb").is_file()
    assert GITHUB in found
    assert not re.search(
        "colab|binder", "".join(buttons(on_github / "html/book/live.html"))
    )


def test_no_edit_button_for_what_is_not_in_git(on_github):
    edit = f"{GITHUB}/edit/main"
    task = buttons(on_github / "html" / "book" / "assignments" / "01_task.html")
    assert not [address for address in task if address.startswith(edit)]
    chapter = buttons(on_github / "html" / "notebooks" / "02_linked.html")
    assert f"{edit}/notebooks/02_linked.ipynb" in chapter


def test_links_of_the_copies_lead_somewhere_from_colab(on_github):
    copy = nbformat.read(on_github / "colab" / "notebooks" / "02_linked.ipynb", 4)
    assert re.findall(r"\]\((.+?)\)", copy.cells[1].source) == [
        f"{COLAB}/book/assignments/01_task.ipynb",
        f"{GITHUB}/blob/main/book/index.md",
        "#size",
        "https://example.org/x",
    ]
    copy = nbformat.read(on_github / "colab/book/assignments/01_task.ipynb", 4)
    assert f"({COLAB}/notebooks/02_linked.ipynb#size)" in copy.cells[1].source


@pytest.mark.parametrize("on_colab", [True, False])
def test_the_first_cell_installs_the_package_only_on_colab(
    on_github, monkeypatch, on_colab
):
    if on_colab:
        monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    asked = []
    shell = InteractiveShell()
    shell.register_magic_function(asked.append, magic_name="pip")
    copy = nbformat.read(on_github / "colab" / "notebooks" / "02_linked.ipynb", 4)
    shell.run_cell(copy.cells[0].source).raise_error()
    assert asked == [f"install --quiet git+{GITHUB}@main"] * on_colab


def test_the_notebooks_of_the_book_and_downloads_have_no_such_cell(on_github):
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert "google.colab" not in path.read_text(encoding="utf-8")
    download = on_github / "html" / "_sources" / "notebooks" / "02_linked.ipynb"
    assert "google.colab" not in download.read_text(encoding="utf-8")


@pytest.mark.parametrize("url", ["", "https://gitlab.com/owner/name"])
def test_only_a_book_on_github_has_copies_for_colab(tmp_path, url):
    book = built(tmp_path, url)
    assert not (book / "colab").exists()
    found = buttons(book / "html" / "notebooks" / "02_linked.html")
    assert not [address for address in found if "colab" in address]
    assert any("mybinder.org" in address for address in found) == bool(url)


# Any folder of any host


@pytest.fixture
def deep(built_book, tmp_path):
    """The address of the book three folders down on a host."""
    (tmp_path / "some" / "sub").mkdir(parents=True)
    (tmp_path / "some" / "sub" / "folder").symlink_to(built_book)
    handler = partial(QuietHandler, directory=tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/some/sub/folder/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_book_works_in_a_sub_folder(browser, deep):
    with opened(browser, deep, "") as page:  # whatever lies outside is refused
        page.wait_for_url(f"{deep}book/index.html")
        page.locator(".bd-sidebar-primary a", has_text="Stride").first.click()
        page.wait_for_url(f"{deep}notebooks/04_stride.html")
        page.locator('[data-state="live"]').first.wait_for()
        page.goto(f"{deep}search.html?q=stride")
        page.get_by_text("Search finished").wait_for()
        assert page.locator("#search-results li a").count() > 3
        assert page.watch.trouble == []


# What a hub needs


def test_the_memory_of_a_process_is_seen():
    hold = "import sys; held = b'1' * 150_000_000; print(flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process, memory.watched(process.pid) as peaks:
        process.stdout.readline()
    for kind in ("rss", "pss", "uss"):
        assert 150e6 < peaks[kind] < 250e6
    assert 0 < peaks["seconds"] < 10
