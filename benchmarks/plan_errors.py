"""How far `distillab plan` is from runs on record: CPU seconds of each rule, planned on this machine and recorded.

`make plan-errors` plans every preset of `reports/recorded/` as for a project in which nothing was ever made: networks,
methods and bounds are timed here and now, on a few random images. Both sides are CPU seconds without imports, so that
other work on either machine counts for nothing; another processor does. The table is `benchmarks/plan_errors.json`.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from overhead import PROJECT
from record import keep

RECORDS = PROJECT / "reports" / "recorded"
SPENT = re.compile(r"CPU seconds: (.*); [\d,]+ in all")
AUDIT = re.compile(r"^# .*, preset `audit`$", re.MULTILINE)
RULE = re.compile(r"([a-z]+)(?:_\d)? ([\d,]+)")
DEFAULT = "digits"
"""Whose jobs `benchmarks/overhead.json` has, a whole second each."""

INSIDE = {"answer": "knockoff", "warm": "distill"}
"""Stages whose members are made by the jobs of another one."""


def main() -> None:
    """Plan, compare, print, and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", nargs="+", default=[DEFAULT, *recorded_runs()])
    parser.add_argument(
        "--seconds", type=float, default=300.0, help="limit of a calibration, for a machine that is busy"
    )
    parser.add_argument("--planned", help="print the planned seconds of this preset by rule, and end")
    options = parser.parse_args()
    if options.planned:
        print(json.dumps(planned(options.planned, options.seconds)))
        return
    rows = {preset: compared(preset, options.seconds) for preset in options.presets}
    keep({"cpu_seconds": rows}, PROJECT / "benchmarks" / "plan_errors.json")


def recorded_runs() -> list[str]:
    """The presets of runs on record, audits left out: they are planned by a file of their own."""
    paths = [path for path in sorted(RECORDS.glob("*.md")) if path.stem != "README"]
    return [path.stem for path in paths if not AUDIT.search(path.read_text(encoding="utf-8"))]


def recorded(preset: str) -> dict[str, float]:
    """CPU seconds of a recorded run by rule, its reruns added; of the default preset the seconds of its jobs."""
    if preset == DEFAULT:
        jobs = json.loads((PROJECT / "benchmarks" / "overhead.json").read_text(encoding="utf-8"))["job_seconds"]
        rules = dict.fromkeys(job.split("/")[0] for job in jobs)
        return {rule: sum(jobs[job] for job in jobs if job.split("/")[0] == rule) for rule in rules}
    spent = SPENT.search((RECORDS / f"{preset}.md").read_text(encoding="utf-8"))
    found = defaultdict[str, float](float)
    for rule, seconds in RULE.findall(spent[1] if spent else ""):
        found[rule] += float(seconds.replace(",", ""))
    return dict(found)


def compared(preset: str, seconds: float) -> dict[str, Any]:
    """Planned and recorded seconds by rule, and the factor between the sums; by a process of its own."""
    command = [sys.executable, __file__, "--planned", preset, "--seconds", str(seconds)]
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "src")}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    plan, record = json.loads(done.stdout), recorded(preset)
    rules = {rule: {"planned": round(plan["rules"].get(rule, 0.0), 1), "recorded": record[rule]} for rule in record}
    planned_sum, recorded_sum = sum(plan["rules"].values()), sum(record.values())
    return {
        "payloads": plan["payloads"],
        "planned": round(planned_sum),
        "recorded": round(recorded_sum),
        "factor": round(planned_sum / recorded_sum, 2),
        "timed_percent": plan["timed_percent"],
        "rules": rules,
    }


def planned(preset: str, seconds: float) -> dict[str, Any]:
    """What a plan says of a preset where nothing was made yet."""
    from distillab.core.throughput import Throughput
    from distillab.plan.build import build_plan
    from distillab.plan.calibration import calibrate
    from distillab.plan.reckoning import TIMED, Reckoning

    plan, found = build_plan(PROJECT, preset), defaultdict[str, float](float)
    plan = plan.model_copy(update={"params": plan.params | {"device": "cpu"}})  # what is on record are CPU seconds
    with tempfile.TemporaryDirectory() as folder:
        speeds = Throughput(Path(folder))
        calibrate(plan, plan.members.values(), speeds, seconds=seconds)
        reckoning, timed = Reckoning(plan, speeds.known), 0.0
    for member in plan.members.values():
        estimate = reckoning.of(member)
        found[INSIDE.get(member.stage, member.stage)] += estimate.seconds
        timed += estimate.seconds * (estimate.basis == TIMED)
    return {"rules": found, "payloads": len(plan.members), "timed_percent": round(100 * timed / sum(found.values()))}


if __name__ == "__main__":
    main()
