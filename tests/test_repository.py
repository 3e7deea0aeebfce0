"""The repository as a whole: what belongs in it, and what must not be there."""

import re
import subprocess
from pathlib import Path

import pytest

from cnnbook.widgets import base, loader

ROOT = Path(__file__).parent.parent


def tracked():
    """All files under version control, or all files where there is no git."""
    try:
        found = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in found.stdout.decode().split("\0") if name]


def texts():
    """Path and text of every tracked text file but this one."""
    for path in tracked():
        if path.suffix in {".npz", ".png", ".pt", ".woff2"} or path == Path(__file__):
            continue
        if path.exists():
            yield path, path.read_text(encoding="utf-8")


def test_no_machine_and_no_registry_is_named():
    # Written so that this very file does not match.
    hosts = r"pythonhoste[d]|pypi[.]or[g]|npmjs[.](org|com)|download[.]pytorc[h]"
    here = "|".join(re.escape(f"{path}/") for path in (ROOT, Path.home()))
    wrong = re.compile(f"{hosts}|{here}")
    matches = {path.name: wrong.search(text) for path, text in texts()}
    assert not {name: match for name, match in matches.items() if match}


def test_nothing_is_left_open():
    wrong = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X])\b")
    assert not [path.name for path, text in texts() if wrong.search(text)]


def test_every_dependency_is_justified():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = [re.split(r"[=<>]", line)[0] for line in lines if re.match(r"\w", line)]
    reasons = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = " ".join(re.findall(r"^\| (.+?) \|", reasons, re.MULTILINE))
    assert names
    assert lines[-1] == "-e ."
    for name in names:
        assert re.search(rf"\b{name}\b", table), name


def test_the_verbs_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in ("README.md", "CONTRIBUTING.md", "book/how_to_use.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for verb in re.findall(r"(?:`|^)make (\w+)", text, re.MULTILINE):
            assert re.search(rf"^{verb}:", makefile, re.MULTILINE), (page, verb)


def test_licenses_stand_beside_what_they_cover():
    for name in ("LICENSE", "LICENSE-TEXT", "cnnbook/_data/LICENSE-MNIST"):
        assert (ROOT / name).stat().st_size > 500


# --- Putting widgets together ---------------------------------------------------------


def test_every_widget_has_its_two_files():
    # The last two are parts of network_explorer
    others = {"kit", "host", "notebook", "network", "network_words"}
    scripts = {path.stem for path in loader.FOLDER.glob("*.js")} - others
    assert scripts == set(loader.stems())


@pytest.mark.parametrize("stem", loader.stems())
def test_a_module_for_jupyterlab_stands_alone(stem):
    code = loader.esm(stem)
    assert not re.search(r"^import\b", code, re.MULTILINE)
    assert len(re.findall(r"^export\b", code, re.MULTILINE)) == 1


def test_files_of_the_page_are_classic_scripts():
    files = loader.page_files()
    assert list(files)[:2] == ["widgets.css", "host.js"]
    for name, code in files.items():
        assert not re.search(r"^(import|export)\b", code, re.MULTILINE), name


@pytest.mark.parametrize(
    "line",
    [
        'import kit from "./kit.js";',
        'import { make } from "./other.js";',
        "export { a };",
        "export let a = 1;",
    ],
)
def test_a_form_that_cannot_be_inlined_is_refused(line, tmp_path, monkeypatch):
    monkeypatch.setattr(loader, "FOLDER", tmp_path)
    (tmp_path / "new.js").write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape("new.js: cannot inline the line")):
        loader.as_expression("new")


def test_a_module_beside_the_widget_is_inlined(tmp_path, monkeypatch):
    monkeypatch.setattr(loader, "FOLDER", tmp_path)
    (tmp_path / "part.js").write_text("export const one = 1;\n", encoding="utf-8")
    new = 'import {\n  one,\n} from "./part.js";\nexport const two = one + 1;\n'
    (tmp_path / "new.js").write_text(new, encoding="utf-8")
    code = loader.as_expression("new")
    part = "(() => {\nconst one = 1;\n\nreturn { one };\n})()"
    assert f"const {{\n  one,\n}} = {part};\nconst two = one + 1;" in code


def test_plain_numbers():
    assert base.plain_number(2.0) == 2
    assert isinstance(base.plain_number(2.0), int)
    assert base.plain_number(0.123456) == 0.1235
    for wrong in (float("nan"), float("inf"), "1", None, 1j):
        with pytest.raises(ValueError, match="expected finite numbers, got"):
            base.plain_number(wrong)
