"""What a record keeps of each study: the tables of its page, from the same declarations, as Markdown."""

from collections.abc import Callable, Mapping

from distillab.core.identity import PAPER
from distillab.reporting import (
    audit_views,
    certified_papers,
    certified_views,
    chain_attacks,
    chain_differences,
    chain_views,
    hypothesis_views,
    knockoff_views,
    leak_views,
    matrix_views,
    model_views,
    protection_views,
    robust_papers,
    robustness_views,
    thief_views,
    worst_views,
)
from distillab.reporting.kit import Folded, PageTable
from distillab.reporting.reported import Reported
from distillab.reporting.selection import robbed_by
from distillab.reporting.tables import Tables
from distillab.studies.study import RecordKind

Sections = Mapping[str, list[PageTable | Folded]]
"""Title to the tables under it."""


def knockoffs(tables: Tables, papers: Reported) -> Sections:
    """Every teacher, the thieves, all verdicts, the matrix of the papers' thief, and the hypotheses."""
    paper = robbed_by(tables, PAPER)
    return {
        "Teachers": [
            model_views.utility_table(paper, papers),
            model_views.entropy_table(paper, papers),
            leak_views.leaks_table(paper),
        ],
        "Thieves": [thief_views.controls_table(tables), thief_views.thieves_table(tables)],
        "Verdicts": [thief_views.verdict_matrix(tables), protection_views.protection_table(tables)],
        "Knockoffs of the papers' thief": [
            knockoff_views.verdict_table(paper),
            matrix_views.knockoff_table(paper, papers),
        ],
        "Hypotheses": [hypothesis_views.hypotheses_table(tables)],
    }


def chains(tables: Tables, papers: Reported) -> Sections:
    """Every step beside the paper, every attack, every difference and claim."""
    return {
        "Steps of the chain, used at T = 1": [chain_views.steps_table(tables, papers)],
        "Attacks": [chain_attacks.masking_table(tables)],
        "Later minus earlier step": [chain_differences.differences_table(tables)],
        "The paper's claims": [chain_views.claims_table(tables)],
    }


def robustness(tables: Tables, papers: Reported) -> Sections:
    """Accuracy under each attack, the worst case over attacks, and what the papers print."""
    return {
        "Attacks": [robustness_views.robustness_table(tables)],
        "Worst case over the attacks of one norm, image by image": [worst_views.worst_table(tables)],
        "What the papers print": [robust_papers.printed_tables(tables, papers)],
    }


def certificates(tables: Tables, papers: Reported) -> Sections:
    """Clean, attacked and certified accuracy of each model, its cascades, and what the papers print."""
    return {
        "Certificates": [certified_views.certificate_table(tables), certified_views.cost_table(tables)],
        "Cascades": [certified_views.cascade_table(tables)],
        "What the papers print": [certified_papers.printed_tables(tables, papers)],
    }


def audit(tables: Tables, papers: Reported) -> Sections:
    """The verdicts with their control, what protections take and cost, and the evidence."""
    return {
        "The verdict and its control": [audit_views.verdicts_table(tables), thief_views.controls_table(tables)],
        "What would protect it": [audit_views.protections_table(tables)],
        "The evidence": [
            leak_views.leaks_table(tables),
            model_views.entropy_table(tables, papers),
            model_views.utility_table(tables, papers),
        ],
    }


SECTIONS: dict[RecordKind, Callable[[Tables, Reported], Sections]] = {
    "knockoffs": knockoffs,
    "chains": chains,
    "robustness": robustness,
    "certificates": certificates,
    "audit": audit,
}
"""What studies ask to be kept to its tables."""


def recorded(kind: RecordKind, tables: Tables, papers: Reported) -> list[str]:
    """Titles and tables as Markdown; a title without a table is left out."""
    parts = []
    for title, found in SECTIONS[kind](tables, papers).items():
        said = [text for text in (table.markdown() for table in found) if text]
        parts += [f"## {title}", *said] if said else []
    return parts
