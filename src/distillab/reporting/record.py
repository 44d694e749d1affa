"""A finished run as Markdown, with machine, date and cost: what is kept in the repository."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from distillab.reporting import environments
from distillab.reporting.absent import cells_phrase
from distillab.reporting.boxes import budgets
from distillab.reporting.display import setting
from distillab.reporting.markdown import plain
from distillab.reporting.recorded import recorded
from distillab.reporting.reported import Reported
from distillab.reporting.studies import studies_of
from distillab.reporting.tables import Tables
from distillab.studies import STUDIES

PAUSE = 60.0
"""Seconds between jobs, from which on nobody was waiting."""

_CPU = re.compile(r"cpu after imports: ([\d.]+) s")


@dataclass(frozen=True)
class RunCost:
    """What a run spent."""

    cpu: dict[str, float]
    """CPU seconds of each rule's jobs, imports left out."""
    wall: float
    """Seconds in which jobs ran; pauses of over a minute, as before a run goes on, are left out."""


def cost_of_run(results: Path) -> RunCost:
    """The cost of a run, from its jobs' logs in ``logs/<rule>/`` and Snakemake's timings in ``benchmarks/<rule>/``."""
    cpu: dict[str, float] = {}
    jobs: list[tuple[float, float]] = []
    for log in sorted((results / "logs").glob("*/**/*.log")):
        name = log.relative_to(results / "logs")
        said = _CPU.findall(log.read_text(encoding="utf-8"))
        cpu[name.parts[0]] = cpu.get(name.parts[0], 0.0) + sum(map(float, said[-1:]))
        end = log.stat().st_mtime
        jobs.append((end - _wall(results / "benchmarks" / name.with_suffix(".tsv")), end))
    return RunCost(cpu, _covered(jobs))


def record(tables: Tables, papers: Reported, cost: RunCost) -> str:
    """Markdown: where, when and at what cost, and the numbers of every study of the run."""
    facts = tables.facts
    made = (environments.software(facts["environments"]), environments.differences(facts["environments"]))
    parts = [
        f"# {plain(facts['title'])}, preset `{facts['preset']}`",
        f"Recorded on {date.today().isoformat()} by `distillab record` at commit `{facts['commit'] or 'unknown'}`. "
        f"Seeds: {', '.join(map(str, facts['seeds']))}. Machine: {'; '.join(filter(None, made))}.",
        *([f"The run is not whole: {cells_phrase(tables)}."] if facts["missing"] else []),
        _spent(cost),
        _recipe(facts["params"], {*tables["models"]["chain"]}),
        f"Test images: {int(facts['test_n']):,}. Attacks: {budgets(tables)}.",
    ]
    asked = dict.fromkeys(STUDIES[study].record for study in studies_of(tables))
    parts += [part for kind in asked if kind for part in recorded(kind, tables, papers)]
    return "\n\n".join(parts) + "\n"


def _spent(cost: RunCost) -> str:
    total = sum(cost.cpu.values())
    rules = ", ".join(f"{rule} {seconds:,.0f}" for rule, seconds in cost.cpu.items() if seconds >= 1)
    return (
        f"Wall time: {cost.wall / 60:.1f} minutes in which jobs ran. "
        f"CPU seconds: {rules}; {total:,.0f} in all, or {total / 120:.1f} minutes on two cores."
    )


def _recipe(params: dict[str, Any], chains: set[str]) -> str:
    data, train = params["data"], params["train"]
    said = [f"{train['epochs']} epochs", f"batch {train['batch_size']}"]
    said += [f"{data['train_limit']:,} training images"] if data.get("train_limit") else []
    pairs = ", ".join(f"{pair['teacher']['name']} → {pair['student']['name']}" for pair in params["pairs"])
    said += [pairs] + [_chain(key, chain) for key, chain in params.get("chains", {}).items() if key in chains]
    return f"{'; '.join(said)}."


def _chain(key: str, chain: dict[str, Any]) -> str:
    temperatures = ", ".join(map(setting, chain["temperatures"]))
    return f"chain `{key}`: {chain['steps']} step{'s' * (chain['steps'] > 1)}, T = {temperatures}"


def _wall(benchmark: Path) -> float:
    """Seconds of a job, by Snakemake's own measurement; 0 where it left none."""
    if not benchmark.is_file():
        return 0.0
    _, first = benchmark.read_text(encoding="utf-8").splitlines()[:2]
    return float(first.split("\t")[0])


def _covered(jobs: list[tuple[float, float]]) -> float:
    """Seconds covered by intervals, short gaps between them included."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(jobs):
        if end > reached:
            total += end - (reached if reached >= start - PAUSE else start)
            reached = end
    return total
