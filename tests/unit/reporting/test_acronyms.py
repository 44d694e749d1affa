"""Every acronym of the pages with its meaning, and every grade, in Markdown."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from distillab.attacks import ATTACKS
from distillab.certify import CERTIFIERS
from distillab.core.errors import ArtifactError
from distillab.core.registry import Registry
from distillab.defenses import DEFENSES
from distillab.knockoff import KNOCKOFFS
from distillab.reporting.acronyms import acronyms
from distillab.reporting.grades import GRADES

TEMPLATE = Path(__file__).parents[3] / "reports" / "template"


def test_terms_stand_in_order_and_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "glossary.json").write_text(json.dumps({"KD": "a <way> | of *it*", "C&W": "an attack", "apart": "x"}))
    terms = acronyms(tmp_path).split("## Grades")[0].split("| --- | --- |\n")[1].splitlines()
    assert terms == ["| apart | x |", "| C&W | an attack |", r"| KD | a \<way\> \| of \*it\* |", ""]


def test_every_letter_of_a_grade_is_said() -> None:
    letters = acronyms(TEMPLATE).split("## Grades")[1]
    assert all(f"\n| {letter} | {meaning} |\n" in letters for letter, meaning in GRADES.items())


@pytest.mark.parametrize("registry", [ATTACKS, CERTIFIERS, DEFENSES, KNOCKOFFS], ids=lambda registry: registry.kind)
def test_every_acronym_of_a_method_that_pages_name_has_a_meaning(registry: Registry[Any]) -> None:
    terms = json.loads((TEMPLATE / "glossary.json").read_text(encoding="utf-8"))
    known = {part for term in terms for part in (term, *term.split("-"))}
    labels = [registry[name].label for name in registry.names]
    assert [word for label in labels for word in re.findall(r"[A-Z&]{2,}", label) if word not in known] == []


@pytest.mark.parametrize("text", [None, "{", '["KD"]', '{"KD": 1}'])
def test_what_is_no_glossary_is_refused_in_one_line(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "glossary.json").write_text(text)
    with pytest.raises(ArtifactError, match="no glossary"):
        acronyms(tmp_path)
