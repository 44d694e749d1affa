"""What teachers and certificates cost, of what is there."""

from typing import Any

from distillab.tables.results import Results

Row = dict[str, Any]


def teacher_seconds(results: Results, name: str) -> dict[str, float]:
    """Mean over seeds of one time of a teacher's making, by teacher; no entry where it was not taken.

    ``seconds`` is all of it, ``fixed_seconds`` what its method does before the first step, ``step_seconds`` one step.
    """
    found: dict[str, list[float]] = {}
    for run in results.trained:
        times = results.sidecar(run.member.id).run if run.role == "teacher" else {}
        if name in times:
            found.setdefault(run.model, []).append(float(times[name]))
    return {teacher: round(sum(values) / len(values), 6) for teacher, values in found.items()}


def certificate_costs(results: Results) -> list[Row]:
    """What certificates cost: CPU seconds an image at each radius, and bytes of memory at the member's peak."""
    return [
        {
            "model": results.run_of(member.parents["model"]).model,
            "certifier": member.axes["certifier"],
            "seed": member.seed,
            "eps": eps,
            "seconds_per_image": seconds,
            "peak_memory": run["peak_memory"],
        }
        for member in results.members("certify")
        for run in (results.sidecar(member.id).run,)
        for eps, seconds in zip(member.spec["eps"], run["seconds_per_image"], strict=True)
    ]
