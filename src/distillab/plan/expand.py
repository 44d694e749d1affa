"""Which members a params file asks for: models, measurements, attacks, tables, pages."""

from pathlib import Path

from distillab.core.identity import Family
from distillab.core.job import Member
from distillab.params.root import Params
from distillab.plan.chain_members import add_chains
from distillab.plan.controls import add_students
from distillab.plan.data_files import add_prepared
from distillab.plan.knockoff_matrix import add_knockoffs, add_teachers
from distillab.plan.members import DATA, Roster
from distillab.plan.pages import add_page, pages_of, scope_of
from distillab.plan.questions import add_questions
from distillab.studies import INDEX

MAKERS = {"teachers": add_teachers, "students": add_students, "knockoffs": add_knockoffs, "chains": add_chains}
"""How each family of models joins the roster, parents before children."""


def expand(params: Params, root: Path) -> dict[str, Member]:
    """All members of the run, parents first."""
    roster = Roster(params, root)
    add_data(roster)
    models: dict[Family, list[str]] = {
        family: add(roster) for family, add in MAKERS.items() if family in params.families
    }
    asked = {(family, model): add_questions(roster, family, model) for family, ids in models.items() for model in ids}
    everything = [member.id for member in roster.members.values() if member.path]
    for page in pages_of(params):
        add_page(roster, page, everything if page is INDEX else scope_of(roster, page, asked), root)
    return roster.members


def add_data(roster: Roster) -> None:
    """The prepared images and the index of their splits."""
    for part, member_id in DATA.items():
        add_prepared(roster, member_id, roster.params.data, part, holds=part)
