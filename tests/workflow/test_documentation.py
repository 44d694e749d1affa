"""Every command, Python block and file of parameters in README, CONTRIBUTING and docs/ does what its page says."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
import yaml
from additions import DEFENSE, IMPORTS, LINES, METRIC
from commands import simple_commands, wrong
from documents import CHECKS, Block, anchors, blocks, documents, links, starts_fresh
from project import PROJECT, Project

from distillab.core.errors import SpecError
from distillab.params.load import load_params

pytestmark = pytest.mark.workflow

BLOCKS = [block for page in documents() for block in blocks(page)]
DONE = {"run", "write", "replace"}
"""Checks that change a project."""

PAGES = [page for page in documents() if any(block.check[:1] and block.check[0] in DONE for block in blocks(page))]
RELATIVE = {page: page.relative_to(PROJECT).as_posix() for page in documents()}


def checked(kind: str) -> list[Block]:
    return [block for block in BLOCKS if block.check[:1] == (kind,)]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_says_how_it_is_checked(block: Block) -> None:
    assert block.check, f"{block}: write `<!-- check: ... -->` above it; CONTRIBUTING.md lists how"
    assert block.language in CHECKS[block.check[0]]
    assert (len(block.check) == 2) == (block.check[0] in {"write", "replace"})


@pytest.mark.parametrize("block", checked("parse"), ids=str)
def test_what_is_not_run_can_be_meant(block: Block) -> None:
    if block.language == "python":
        ast.parse(block.text)
    elif block.language == "yaml":
        assert isinstance(yaml.safe_load(block.text), dict)
    else:
        assert wrong(block.text) == []


@pytest.mark.parametrize(
    "command",
    ["distillab plam", "distillab use mnits", "snakemake --corse 2", "snakemake --profile slrum", "make tset",
     "dvc repo", "python -m pytest tests/untracked", "python benchmarks/none.py", "snakmake -n",
     "distillab plan && rm -rf x", "distillab plan &&"],
)  # fmt: skip
def test_a_command_that_cannot_be_meant_is_found(command: str) -> None:
    assert len(wrong(command)) == 1


@pytest.mark.parametrize("block", checked("params"), ids=str)
def test_parameters_are_valid(block: Block, tmp_path: Path) -> None:
    for name in ("config", "reports"):
        (tmp_path / name).symlink_to(PROJECT / name)
    content = yaml.safe_load(block.text)
    if not content.keys() & {"preset", "override"}:
        content = {"override": content}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"preset": "digits"} | content), encoding="utf-8")
    assert [line for line in errors(tmp_path) if not line.endswith(": no such file")] == []


def test_what_needs_a_machine_of_its_own_stands_where_a_test_runs_it() -> None:
    """`test_slurm.py` and `test_gpu_page.py` run one page each."""
    for kind in ("slurm", "gpu"):
        assert {block.page for block in checked(kind)} == {PROJECT / "docs" / "how-to" / f"{kind}.md"}


def errors(root: Path) -> list[str]:
    """What is wrong with ``params.yaml``; files that a page names are the reader's and not here."""
    try:
        load_params(root)
    except SpecError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize("block", checked("added"), ids=str)
def test_lines_to_add_are_those_that_are_added_and_run(block: Block) -> None:
    added = {line for _, _, line in (*LINES, *METRIC)} | set(IMPORTS.values()) | {DEFENSE.imported, DEFENSE.line}
    shown = block.text.splitlines()
    assert {line[:1] for line in shown} == {"+"}
    assert {line[1:] for line in shown} <= added


def test_every_line_that_is_added_is_shown() -> None:
    shown = {line[1:] for block in checked("added") for line in block.text.splitlines()}
    assert {line for _, _, line in (*LINES, *METRIC)} | set(IMPORTS.values()) <= shown


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", PAGES, ids=RELATIVE.get)
def test_the_blocks_of_a_page_run_one_after_the_other(
    page: Path, fresh: Callable[[str], Project], finished: Project, tmp_path: Path
) -> None:
    project = fresh("project") if starts_fresh(page) else finished.copy(tmp_path / "project")
    for block in sessions(blocks(page)):
        do(block, project)


def sessions(those: list[Block]) -> Iterator[Block]:
    """Blocks that are done, with what follows one another in Python as one: a reader's session."""
    done = [block for block in those if block.check[0] in DONE | {"params"}]
    for (check, language), same in groupby(done, lambda block: (block.check, block.language)):
        if (check, language) == (("run",), "python"):
            first, *others = same
            yield replace(first, text=first.text + "".join(other.text for other in others))
        else:
            yield from same


def do(block: Block, project: Project) -> None:
    match block.check:
        case ("write", name):
            (project.root / name).write_text(block.text, encoding="utf-8")
        case ("replace", name):
            exchange(project, name, block.text)
        case ("run",) if block.language == "python":
            project.run("python", "-c", block.text)
        case ("run",):
            project.shell(block.text)
        case ("params",) if "preset" not in block.text:
            content = yaml.safe_load(block.text)
            project.choose(content.get("override", content))


def exchange(project: Project, name: str, diff: str) -> None:
    path = project.root / name
    text = path.read_text(encoding="utf-8")
    old, new = ("".join(line[1:] + "\n" for line in diff.splitlines() if line.startswith(sign)) for sign in ("-", "+"))
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_defense_is_one_file_and_one_line(finished: Project, tmp_path: Path) -> None:
    project = finished.copy(tmp_path / "project")
    project.edit("src/distillab/defenses/__init__.py", "\nfrom distillab.", f"\n{DEFENSE.imported}\nfrom distillab.", 1)
    project.edit("src/distillab/defenses/__init__.py", f"{DEFENSE.above}\n", f"{DEFENSE.above}\n{DEFENSE.line}\n", 1)
    (project.root / DEFENSE.place).write_text(DEFENSE.source.read_text(encoding="utf-8"), encoding="utf-8")
    chosen = {"studies": ["undistillable"], "seeds": [0, 1], "robustness": {"attacks": {"*": None}}}
    shown = next(block for block in blocks(PROJECT / "docs/how-to/add-defense.md") if block.language == "yaml")
    project.choose(chosen | yaml.safe_load(shown.text)["override"])
    project.snakemake()
    sidecar = "teachers/ce-cnn_digits/s0.safetensors.json"
    assert (project.results / sidecar).read_bytes() == (finished.results / sidecar).read_bytes(), "it was trained again"
    metrics = json.loads((project.results / "metrics.json").read_text())["tiny"]
    assert "cp-cnn_digits" in metrics["verdict"]["paper"]
    assert "CP" in (project.results / "reports" / "index.html").read_text()


LINKS = [(page, link) for page in documents() for link in links(page)]


@pytest.mark.parametrize(("page", "link"), LINKS, ids=[f"{RELATIVE[page]}-{link}" for page, link in LINKS])
def test_a_link_leads_somewhere(page: Path, link: str) -> None:
    if "://" in link:
        assert re.fullmatch(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[\w./?=&:%#+-]*)?", link, flags=re.I)
        return
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if "generated" in target.parts:
        return  # the site's own check
    assert target.exists()
    assert target.is_relative_to(PROJECT)
    assert not anchor or anchor in anchors(target)


def test_there_is_something_to_check() -> None:
    assert len(checked("run")) > 15
    assert len(checked("parse")) > 15
    programs = {words[0] for block in BLOCKS if block.language == "console" for words in simple_commands(block.text)}
    assert {"distillab", "snakemake", "make", "dvc", "sbatch", "papermill"} <= programs
