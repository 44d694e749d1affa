"""Breaks the code on purpose, one fault at a time, and counts the faults that a test notices.

`make mutants` draws sites (`sites.py`) of every room by a seed, puts each fault into a copy of the project, and runs
the tests that reach it, until one is red. What survives those runs against every test of the room once more before it
is called a survivor. Faults that change nothing anybody could see are listed in `equivalent.json`, each with the
proof, and are not drawn. The results of the last run of each seed are in `results/`.
"""

import argparse
import ast
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue

from sandbox import Sandbox, Verdict
from sites import broken, drawn, sites

PROJECT = Path(__file__).parents[2]
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Room:
    """Some source files, and the tests that are meant to guard them."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]

    def files(self) -> list[str]:
        """The sources, by name from the project's root."""
        found = [path for pattern in self.sources for path in sorted(PROJECT.glob(f"src/distillab/{pattern}"))]
        return [path.relative_to(PROJECT).as_posix() for path in found if path.name != "__init__.py"]


ROOMS = {
    "stages": Room(("stages/*.py",), ("tests/unit/stages",)),
    "tables": Room(("tables/*.py",), ("tests/unit/tables",)),
    "params": Room(("params/*.py",), ("tests/unit/params", "tests/unit/cli", "tests/architecture/test_generated.py")),
    "plan": Room(("plan/*.py",), ("tests/unit/plan", "tests/unit/cli")),
    "metrics": Room(("metrics/*.py",), ("tests/unit/metrics", "tests/unit/tables")),
    "reporting": Room(
        ("reporting/*.py",),
        ("tests/unit/reporting", "tests/reports/test_approved.py", "tests/reports/test_render.py"),
    ),
    "cli": Room(("cli/*.py",), ("tests/unit/cli",)),
}


@dataclass(frozen=True)
class Mutant:
    """One fault of one file."""

    file: str
    line: int
    text: str
    """The line as it should be."""
    name: str


def main() -> int:
    """Draw, break, test, print, keep the result; 1 where a room is below the mark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", default=list(ROOMS), metavar="ROOM", help=f"of {', '.join(ROOMS)}")
    parser.add_argument("--seed", type=int, default=1, help="draws the mutants (default: 1)")
    parser.add_argument("--most", type=int, default=40, help="mutants of a room (default: 40)")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time (default: 2)")
    parser.add_argument("--only", default="", metavar="FILE", help="only mutants of files whose name holds this")
    parser.add_argument("--least", type=float, default=0.95, help="share that must be killed (default: 0.95)")
    options = parser.parse_args()
    known = json.loads((HERE / "equivalent.json").read_text(encoding="utf-8"))
    low = []
    for name in options.rooms:
        result = judged(name, options, {(entry["file"], entry["name"]) for entry in known})
        print(f"{name}: {result['killed']} of {result['mutants']} killed, seed {options.seed}", flush=True)
        if not options.only:
            kept(name, options.seed, result)
        if result["killed"] < options.least * result["mutants"]:
            low.append(name)
    return int(bool(low))


def judged(name: str, options: argparse.Namespace, equivalent: set[tuple[str, str]]) -> dict[str, object]:
    """How the mutants of a room fared."""
    room, start = ROOMS[name], time.monotonic()
    every = [mutant for file in room.files() if options.only in file for mutant in mutants_of(file)]
    pool = {f"{m.file} {m.name}": m for m in every if (m.file, m.name) not in equivalent}
    chosen = [pool[key] for key in drawn(list(pool), options.seed, options.most)]
    boxes: SimpleQueue[Sandbox] = SimpleQueue()
    first = Sandbox(PROJECT, room.tests)
    reach = first.reach(room.files())
    for box in (first, *(Sandbox(PROJECT, room.tests) for _ in range(options.jobs - 1))):
        boxes.put(box)

    def judge(mutant: Mutant) -> Verdict:
        box = boxes.get()
        try:
            source = (PROJECT / mutant.file).read_text(encoding="utf-8")
            verdict = box.judge(mutant.file, broken(source, mutant.name), reach.tests_of(mutant.file, mutant.line))
        finally:
            boxes.put(box)
        said = f"  {verdict.by}" if verdict.killed else f"\n            {mutant.text}"
        print(f"  {verdict.word:<9} {mutant.file}:{mutant.line} {mutant.name}{said}", flush=True)
        return verdict

    with ThreadPoolExecutor(options.jobs) as threads:
        verdicts = list(threads.map(judge, chosen))
    while not boxes.empty():
        boxes.get().close()
    return {
        "sites": len(every),
        "equivalent": len(every) - len(pool),
        "mutants": len(chosen),
        "killed": sum(verdict.killed for verdict in verdicts),
        "survivors": [asdict(m) for m, verdict in zip(chosen, verdicts, strict=True) if not verdict.killed],
        "seconds": round(time.monotonic() - start),
    }


def mutants_of(file: str) -> list[Mutant]:
    """Every mutant of a file."""
    source = (PROJECT / file).read_text(encoding="utf-8")
    lines = source.splitlines()
    return [Mutant(file, site.line, lines[site.line - 1].strip(), site.name) for site in sites(ast.parse(source))]


def kept(room: str, seed: int, result: dict[str, object]) -> None:
    """Write the result of a room beside those of the others."""
    path = HERE / "results" / f"seed_{seed}.json"
    path.parent.mkdir(exist_ok=True)
    rooms = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(rooms | {room: result}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
