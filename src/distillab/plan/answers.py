"""What `distillab decide` says: what it asks for; at the end what is decided, what is not, and the price of that."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping

from distillab.metrics.decisions import DECIDED
from distillab.params.asked import AskedCell
from distillab.plan.asking import NO_CONTROL, OpenTeacher, Row
from distillab.plan.effort import Effort
from distillab.plan.estimate import duration
from distillab.plan.rounds import Round
from distillab.plan.seeds import cell_seeds

HOURS = "hours are of one core or device, with the teachers and controls that come with these trainings"


def asking_text(current: Round, asked: Mapping[AskedCell, int]) -> str:
    """What is asked for, a line per teacher and look, the nearest to a decision first; and what it costs."""
    lines = [line for teacher in current.teachers for line in _asked_of(current, teacher, asked)]
    return "\n".join([*lines, f"in all: {cost(current.effort_of(asked))}; {HOURS}"])


def ending_text(current: Round, spent: Effort) -> str:
    """What is decided and how, what is not and why, and what the rest would probably cost.

    Args:
        current: The last round.
        spent: What was asked for.
    """
    decided = [row for row in current.verdicts if row["verdict"] in DECIDED]
    others = [row for row in current.verdicts if row["verdict"] not in DECIDED]
    lines = [f"decided: {len(decided)} of {len(current.verdicts)}"]
    lines += [f"  {_name(current, row)}: {_said(row)}" for row in decided]
    lines += [f"not decided: {len(others)}"] if others else []
    lines += [f"  {_name(current, row)}: {_said(row)}{_price(current, row)}" for row in others]
    later = "; other pages show them after `snakemake`" if spent.knockoffs else ""
    lines += [f"asked for in this call: {cost(spent)}{later}"]
    return "\n".join([*lines, *_rest(current, others), *_ends(current)])


def cost(effort: Effort) -> str:
    """Trainings and hours in words."""
    if not effort.knockoffs:
        return "nothing"
    hours = "unknown hours" if effort.seconds is None else duration(effort.seconds)
    return f"{effort.knockoffs:,} training{'' if effort.knockoffs == 1 else 's'} of knockoffs, {hours}"


def _asked_of(current: Round, teacher: OpenTeacher, asked: Mapping[AskedCell, int]) -> Iterator[str]:
    alike: dict[tuple[int, int], list[str]] = defaultdict(list)
    for cell in teacher.looks:
        if cell in asked:
            alike[len(cell_seeds(current.params, *cell)), asked[cell]].append(cell.attack)
    for (have, look), attacks in alike.items():
        yield f"  {teacher.defense} by {teacher.thief}: {', '.join(attacks)}: {have} -> {look} seeds"


def _name(current: Round, row: Row) -> str:
    """Teacher, thief and student, the networks where there are several."""
    pairs = current.params.pairs
    several = {len({pair.teacher.name for pair in pairs}) > 1, len({pair.student.name for pair in pairs}) > 1}
    teacher = row["teacher"] if True in several else row["defense_label"]
    return f"{teacher} by {row['thief']}" + (f", {row['student']}" if True in several else "")


def _said(row: Row) -> str:
    return f"{row['verdict']} with {row['seeds']} seed{'s' * (row['seeds'] != 1)}: {row['reason']}"


def _price(current: Round, row: Row) -> str:
    if not current.is_open(row):
        return ""
    price = current.price_of(row)
    if price is None:
        return "; what would decide it is unknown"
    own = "its own cells " if row["verdict"] == NO_CONTROL else ""
    return f"; {own}probably decided with {int(row['price_seeds'])} seeds: {cost(price)}"


def _rest(current: Round, others: Collection[Row]) -> Iterator[str]:
    """The sum of the prices; of a teacher with several rows the largest."""
    largest: dict[tuple[str, str], Effort] = {}
    for row in others:
        key, price = (row["thief"], row["defense"]), current.price_of(row)
        if price and price.knockoffs > largest.get(key, Effort()).knockoffs:
            largest[key] = price
    if largest:
        yield f"the rest, as far as its price is known: about {cost(sum(largest.values(), Effort()))}; {HOURS}"


def _ends(current: Round) -> Iterator[str]:
    """Why cells that are open get no more seeds, a line per reason."""
    reasons = Counter(why for teacher in current.teachers for why in teacher.stopped.values())
    if current.looks:
        reasons["the next look is beyond what this call may spend"] = len(current.looks)
    for reason, count in reasons.items():
        yield f"{count} open cell{'' if count == 1 else 's'} without more seeds: {reason}"
