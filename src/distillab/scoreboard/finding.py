"""What one run found of each claim: its evidence decided, and kept beside the run's record."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from distillab.core.errors import ArtifactError
from distillab.metrics.effects import (
    Effect,
    EffectState,
    JudgedEffect,
    decide_effects,
    decided_by_bounds,
    seeds_to_decide,
)
from distillab.reporting.tables import Tables
from distillab.scoreboard.claim import DocumentClaim
from distillab.scoreboard.quantities import evidence_on
from distillab.scoreboard.sample import Bounded, Sample

SUFFIX = ".claims.json"


@dataclass(frozen=True)
class Finding:
    """One state of a claim in one context of a run: thief, networks, attack, radius."""

    claim: str
    context: str
    value: float
    """In the claim's unit, mean over seeds."""
    low: float | None
    high: float | None
    """95 % interval over seeds; of a best attack, bounds that are corrected over all that were tried."""
    p: float | None
    """Holm's adjusted p-value over the run's claims; None of bounds that are corrected already."""
    state: EffectState
    seeds: int
    n: int
    """Test images; 0 of times."""
    seeds_to_decide: int | None
    """Of an undecided claim: with how many seeds it would probably be decided; None where that is not known."""


@dataclass(frozen=True)
class Judgment:
    """All findings of a run, with the setting in which it found them."""

    preset: str
    data: str
    train_n: int
    test_n: int
    networks: tuple[str, ...]
    epochs: int
    seeds: tuple[int, ...]
    commit: str
    date: str
    cpu_seconds: float
    findings: tuple[Finding, ...]


def judge_run(tables: Tables, claims: Mapping[str, DocumentClaim], cpu_seconds: float) -> Judgment:
    """The findings of a run on every claim that it has evidence on, and its setting."""
    facts = tables.facts
    pairs = facts["params"]["pairs"]
    networks = dict.fromkeys(pair[side]["name"] for pair in pairs for side in ("teacher", "student"))
    return Judgment(
        str(facts["preset"]), tables.dataset, int(facts["train_n"]), int(facts["test_n"]), tuple(networks),
        int(facts["params"]["train"]["epochs"]), tuple(map(int, facts["seeds"])), str(facts["commit"]),
        date.today().isoformat(), round(cpu_seconds), _findings(tables, claims),
    )  # fmt: skip


def _findings(tables: Tables, claims: Mapping[str, DocumentClaim]) -> tuple[Finding, ...]:
    found = [(claim, it) for claim in claims.values() for it in evidence_on(claim, tables)]
    effects = [_effect(claim, it) for claim, it in found if isinstance(it, Sample)]
    decided = iter(decide_effects(effects))
    asked = partial(seeds_to_decide, statements=2 * len(effects))
    return tuple(
        _bounded(claim, it) if isinstance(it, Bounded) else _decided(claim, it, next(decided), asked)
        for claim, it in found
    )


def _effect(claim: DocumentClaim, sample: Sample) -> Effect:
    return Effect(claim.direction, sample.values, claim.smallest, sample.resolution)


def _decided(
    claim: DocumentClaim, sample: Sample, decided: JudgedEffect, asked: Callable[[Effect], int | None]
) -> Finding:
    more = asked(_effect(claim, sample)) if decided.state == "undecided" else None
    return Finding(
        claim.name, sample.context, decided.value, decided.low, decided.high, decided.p, decided.state, decided.seeds,
        sample.n, more,
    )  # fmt: skip


def _bounded(claim: DocumentClaim, it: Bounded) -> Finding:
    state = decided_by_bounds(claim.direction, claim.smallest, it.low, it.high)
    return Finding(claim.name, it.context, it.value, it.low, it.high, None, state, it.seeds, it.n, None)


def judgment_text(judgment: Judgment) -> str:
    """The judgment as JSON, numbers rounded to what could matter."""
    content = asdict(judgment)
    content["findings"] = [
        {key: _rounded(key, value) for key, value in finding.items()} for finding in content["findings"]
    ]
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_judgment(path: Path) -> Judgment:
    """What `judgment_text` wrote.

    Raises:
        ArtifactError: the file is no JSON, or not of this form.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        findings = tuple(Finding(**finding) for finding in content.pop("findings"))
        return Judgment(**{**content, "networks": tuple(content["networks"]), "seeds": tuple(content["seeds"])},
                        findings=findings)  # fmt: skip
    except (ValueError, TypeError, KeyError) as error:
        raise ArtifactError(
            "no judgment of claims", where=str(path), got=str(error), do="record the run again: `distillab record`"
        ) from error


def _rounded(key: str, value: object) -> object:
    """A p-value to five digits, other numbers to a ten-thousandth of their unit; no zero has a sign."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.5g}") if key == "p" else round(value, 4) + 0.0
