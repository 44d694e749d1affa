"""A page reads the tables that its study names, and each of them."""

import base64
import json
import re
import shutil
from hashlib import blake2b
from pathlib import Path

import pytest
from in_process import body
from variants import cifar100, mnist, three_seeds

from distillab.core.errors import ArtifactError
from distillab.reporting.tables import Tables
from distillab.studies import INDEX, PAGES, STUDIES

READ = r'(?<=download="provenance.json" href=)"[^"]*"'
"""What a page read, as a file: a table names a few more models where it is at hand."""


def own_tables(page: str, written: Path, folder: Path) -> Path:
    """A folder with the tables of one page alone."""
    folder.mkdir()
    for file in PAGES[page].files:
        name = file.rsplit("/", 1)[-1]
        shutil.copy(written / name, folder / name)
    return folder


def alone(study: str, tables: Path) -> None:
    """The run of one study: what would stand on another's page stands on its own."""
    facts = json.loads((tables / "facts.json").read_text())
    facts["params"]["studies"] = [study]
    (tables / "facts.json").write_text(json.dumps(facts))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_it_rests_on_to_the_last_byte(page: str, tmp_path: Path) -> None:
    own = own_tables(page, three_seeds(tmp_path / "all"), tmp_path / "own")
    facts, run = (json.loads((own / f"{name}.json").read_text()) for name in ("facts", "run"))
    (link,) = re.findall(READ, body(page, own))
    told = json.loads(base64.b64decode(link.strip('"').partition(",")[2]))
    digests = {name: blake2b((own / name).read_bytes(), digest_size=32).hexdigest() for name in told["tables"]}
    assert told["tables"] == digests
    assert "facts.json" in digests
    assert (told["commit"], told["params"]) == (run["commit"], facts["params"])
    assert told["environments"] == run["environments"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_needs_no_table_that_its_study_does_not_name(page: str, tmp_path: Path) -> None:
    written = three_seeds(tmp_path / "all")
    own, everything = body(page, own_tables(page, written, tmp_path / "own")), body(page, written)
    assert re.sub(READ, "", own) == re.sub(READ, "", everything)


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_names_no_table_that_its_page_does_not_read(
    study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()
    look = Tables.__getitem__

    def noted(tables: Tables, name: str):
        read.add(name)
        return look(tables, name)

    monkeypatch.setattr(Tables, "__getitem__", noted)
    for number, variant in enumerate((three_seeds, mnist, cifar100)):
        written = variant(tmp_path / str(number))
        own = own_tables(study, written, tmp_path / f"{number}-own")
        alone(study, own)
        body(study, own)
    assert read == set(STUDIES[study].tables)


def test_a_table_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    folder = own_tables("ta", three_seeds(tmp_path / "all"), tmp_path / "own")
    with pytest.raises(ArtifactError, match=r"cmi\.parquet: missing"):
        Tables(folder)["cmi"]
    assert "cmi" in INDEX.tables
