"""The documentation agrees with the program: commands, settings, packages, links, figures, code."""

from __future__ import annotations

import json
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from engine.gallery import Gallery
from gallery_app import settings
from gallery_app.cli import run
from tools.reference import pages

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md"), ROOT / "data" / "README.md"])
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_VARIABLE = re.compile(r"\bFACE_GALLERY_[A-Z_]+")
_FIGURE = re.compile(r"\d+(?:,\d{3})+|\d+\.\d+")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """Those that GitHub and MyST make of the headings."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.slow
def test_pages_made_from_the_program_are_current() -> None:
    stale = [page.name for page, text in pages().items() if text_of(page) != text]
    assert stale == [], "run `make reference`"


def test_every_setting_is_described() -> None:
    page = text_of(DOCS / "install.md")
    declared = [each for each in vars(settings).values() if isinstance(each, settings.Setting)]
    assert declared
    assert [each.key for each in declared if f"`{each.key}`" not in page] == []


def test_every_target_of_make_is_described() -> None:
    declared = re.search(r"^\.PHONY: (.+)$", text_of(ROOT / "Makefile"), re.MULTILINE)
    assert declared
    targets = set(declared.group(1).split()) - {"check"}
    described = set(re.findall(r"^\| `make ([\w-]+)", text_of(DOCS / "install.md"), re.MULTILINE))
    assert described == targets
    for page in PAGES:
        assert set(re.findall(r"`make ([\w-]+)[ `]", text_of(page))) <= targets


def test_every_variable_of_the_environment_is_described() -> None:
    page = text_of(DOCS / "install.md")
    product = [file for room in ("engine", "gallery_app") for file in (ROOT / room).rglob("*.py")]
    found = {name for file in product for name in _VARIABLE.findall(text_of(file))}
    assert found
    assert [name for name in sorted(found) if f"`{name}`" not in page] == []


def test_every_part_of_a_gallery_is_on_the_page_of_the_api(tmp_path: Path) -> None:
    page = text_of(DOCS / "api.md")
    with Gallery.create(tmp_path / "g") as gallery:
        parts = {name: type(part) for name, part in vars(gallery).items() if name[0] != "_"}
    ours = {name: part for name, part in parts.items() if part.__module__.startswith("engine.")}
    assert ours
    for name, part in ours.items():
        assert f"### gallery.{name}" in page
        assert f"autoclass:: {part.__module__}.{part.__qualname__}\n" in page


def test_front_page_is_short() -> None:
    assert len(text_of(ROOT / "README.md").splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(_FENCE.sub("", text_of(page))):
        if "://" in link:
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_and_modules_that_are_named_exist(page: Path) -> None:
    rooms = ("engine", "gallery_app", "tests", "benchmarks", "tools", "docs", "resources")
    known = {file.name for room in rooms for file in (ROOT / room).rglob("*.py")} | {"setup.py"}
    for span in re.findall(r"`([^`\s]+)`", _FENCE.sub("", text_of(page))):
        if re.fullmatch(r"(engine|gallery_app)(\.\w+)+", span):
            assert pkgutil.resolve_name(span)
        elif re.fullmatch(r"benchmarks\.\w+", span):
            assert (ROOT / f"{span.replace('.', '/')}.py").exists(), span
        elif span.split("/")[0] in rooms and "/" in span:
            assert (ROOT / span).exists(), span
        elif re.fullmatch(r"\w+\.py", span):
            assert span in known


def test_figures_of_performance_were_measured() -> None:
    measured = text_of(ROOT / "benchmarks" / "RESULTS.md")
    figures = _FIGURE.findall(text_of(DOCS / "performance.md"))
    plain = [figure if figure in measured else figure.replace(",", "") for figure in figures]
    assert [figure for figure in plain if figure not in measured] == []


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with some people of the sample in data/ and settings of its own."""
    people = sorted(folder for folder in (ROOT / "data").iterdir() if folder.is_dir())
    for folder in {*people[:30], ROOT / "data" / "Tiger_Woods"}:
        shutil.copytree(folder, tmp_path / "data" / folder.name)
    monkeypatch.setenv("FACE_GALLERY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_python(page: Path) -> None:
    """Runs the blocks of a page from top to bottom."""
    names: dict[str, object] = {"__name__": page.stem}
    for block in re.findall(r"^```python\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL):
        exec(compile(block, page, "exec"), names)


@pytest.mark.slow
@pytest.mark.usefixtures("project")
def test_notebook_runs() -> None:
    run_python(DOCS / "notebook.md")


@pytest.mark.slow
@pytest.mark.usefixtures("project")
def test_first_steps_of_the_front_page_run(capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"^\.venv/bin/face-gallery (.+)$", text_of(ROOT / "README.md"), re.M)
    assert len(commands) >= 3
    for command in commands:
        assert run(shlex.split(command)) == 0, command
    assert "Tiger Woods" in capsys.readouterr().out
    run_python(ROOT / "README.md")
    assert "known Tiger Woods" in capsys.readouterr().out


def documented_keys(command: str) -> tuple[set[str], bool]:
    """Keys of a command's JSON document by docs/command-line.md, and whether there are more."""
    row = re.search(rf"^\| `{command}`.*$", text_of(DOCS / "command-line.md"), re.MULTILINE)
    assert row, command
    document = re.search(r"`\{(.*?)\}`", row.group())
    assert document, command
    outer, inner = document.group(1), None
    while inner != outer:  # what lies deeper goes, innermost first
        inner, outer = outer, re.sub(r": *(\{[^{}]*\}|\[[^][]*\])|\{[^{}]*\}", "", outer)
    return set(re.findall(r'"(\w+)"', outer)), outer.rstrip().endswith("…")


@pytest.mark.slow
def test_json_is_as_described(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiger = "data/Tiger_Woods/Tiger_Woods_0001.npy"
    for line in (
        "new g.gallery", "import data", "people", f"identify {tiger}", f"enroll 'Somebody' {tiger}",
        "rename Somebody Nobody", "history", "compare 'Tiger Woods' Nobody", "review", "check",
        "backup kept.zip", "export npz out.npz",
    ):  # fmt: skip
        assert run([*shlex.split(line), "--json"]) == 0, line
        printed = json.loads(capsys.readouterr().out)
        keys, more = documented_keys(line.split()[0])
        for document in printed if isinstance(printed, list) else [printed]:
            assert keys <= document.keys() if more else keys == document.keys(), line


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="not tried there")
def test_site_builds_without_warnings(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    pytest.importorskip("furo")
    pytest.importorskip("myst_parser")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", "docs", "."]
    built = subprocess.run(
        [*command, str(tmp_path / "site"), "-d", str(tmp_path / "kept")],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "site" / "docs" / "api.html").exists()
