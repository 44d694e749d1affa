"""A model card: what a trained network is, what was measured of it, and what that does not show; from its sidecar.

Markdown with a YAML head, as model hubs read them; every number is a table's, and no field is typed.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from distillab.core.identity import ModelIdentity
from distillab.core.shown import without_queries
from distillab.core.sidecar import Sidecar
from distillab.metrics.intervals import Estimate, wilson
from distillab.reporting.display import percent, setting
from distillab.reporting.grades import GRADES
from distillab.reporting.markdown import plain
from distillab.reporting.tables import Tables, norm_label, records

MeasuredShare = tuple[str, float, str, str]
"""What was measured, its value, the same in percent with its interval, and over how many images."""

LOADING = """\
```python
from safetensors.torch import load_file

from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.specs.model import Domain

domain = Domain({shape}, {classes}, (0.0,) * {channels}, (1.0,) * {channels})  # the weights bring their normalization
model = build_model(MODELS.parse({spec}), domain, seed=0).eval()
tensors = load_file("{file}")
model.load_state_dict({{name: value for name, value in tensors.items() if not name.startswith("release.")}})
```"""


def model_card(sidecar: Sidecar, identity: ModelIdentity, file: str, tables: Tables) -> str:
    """The card of one network.

    Args:
        sidecar: of its weights.
        identity: which network it is.
        file: name of the file of its weights.
        tables: of a page that shows it.
    """
    rows = list(_measured(tables, identity))
    head = yaml.safe_dump(_head(sidecar, identity, tables, rows), sort_keys=False, allow_unicode=True, width=120)
    parts = [
        f"---\n{head}---",
        f"# {plain(sidecar.id)}",
        _what(identity, tables),
        "## Load",
        f"Images are float32 `(n, c, h, w)` in [0, 1], `n` of {_shape(tables)}; the answer is logits "
        f"`(n, {tables.facts['classes']})`.",
        _loading(sidecar, file, tables),
        "## Evaluation",
        table_text(("measured on test images", "value [95 %]", "n"), [(what, value, n) for what, _, value, n in rows]),
        *_verdicts(tables, identity),
        "## Limits",
        *_limits(tables, identity),
        "## Training",
        f"```json\n{json.dumps(without_queries(sidecar.spec), indent=1, sort_keys=True)}\n```",
        "## Provenance",
        table_text(("what", "is"), _provenance(sidecar, tables)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(
    sidecar: Sidecar, identity: ModelIdentity, tables: Tables, rows: Sequence[MeasuredShare]
) -> dict[str, object]:
    facts = tables.facts
    data = facts["params"]["data"]["name"]
    metrics = [{"type": "accuracy", "name": what, "value": round(value, 6)} for what, value, _, _ in rows]
    dataset = {"name": tables.dataset, "type": data, "split": "test"}
    return {
        "license": "other",
        "license_name": "none-stated",
        "library_name": "distillab",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "distillab", identity.role, identity.arch]
        + [key for key in (identity.defense, identity.attack) if key],
        "datasets": [data],
        "metrics": ["accuracy"],
        "model-index": [
            {
                "name": sidecar.id,
                "results": [{"task": {"type": "image-classification"}, "dataset": dataset, "metrics": metrics}],
            }
        ],
    }


def _what(identity: ModelIdentity, tables: Tables) -> str:
    methods = tables.facts["methods"]
    said = [
        f"A {plain(identity.arch)} for {plain(tables.dataset)}, seed {identity.seed}: {identity.role.replace('_', ' ')}"
    ]
    for kind, key, word in (("defenses", identity.defense, "defense"), ("knockoffs", identity.attack, "attack")):
        if key in methods[kind]:
            method = methods[kind][key]
            said.append(
                f"{word} {plain(method['label'])} ({plain(method['paper'])}; our code: {GRADES[method['grade']]})"
            )
    return "; ".join(said) + "."


def _loading(sidecar: Sidecar, file: str, tables: Tables) -> str:
    if "brought" in sidecar.spec:
        return "It was not trained here: its own file is what to load."
    return LOADING.format(
        shape=tuple(tables.facts["shape"]),
        classes=tables.facts["classes"],
        channels=tables.facts["shape"][0],
        spec=sidecar.spec["model"],
        file=file,
    )


def _measured(tables: Tables, identity: ModelIdentity) -> Iterator[MeasuredShare]:
    for row in _of(tables, "models", identity):
        share = wilson(round(row.test_accuracy * row.test_n), int(row.test_n))
        yield "accuracy", share.value, _percent(share), f"{share.n:,}"
    for row in _of(tables, "robustness", identity):
        if row.logits == "raw" and row.robust_accuracy == row.robust_accuracy:
            share = Estimate(row.robust_accuracy, row.robust_low, row.robust_high, int(row.n), "images")
            what = f"accuracy under {plain(row.attack_label)}, {norm_label(row.norm)}, eps {setting(row.eps)}"
            yield what, share.value, _percent(share), f"{share.n:,}"
    for row in _of(tables, "certificates", identity):
        share = Estimate(row.certified_accuracy, row.low, row.high, int(row.n), "images")
        what = f"certified accuracy by {plain(row.certifier_label)}, {norm_label(row.norm)}, eps {setting(row.eps)}"
        yield what, share.value, _percent(share), f"{share.n:,}"


def _of(tables: Tables, name: str, identity: ModelIdentity) -> list[Any]:
    """The rows of a table that are of the network; none where the page has no such table."""
    if not tables.has(name):
        return []
    frame = tables[name]
    return records(frame[(frame["model"] == identity.name) & (frame["seed"] == identity.seed)])


def _verdicts(tables: Tables, identity: ModelIdentity) -> Iterator[str]:
    """Whether it can be stolen, over all seeds of the run; nothing where nobody asked."""
    if identity.role != "teacher" or not tables.has("verdicts"):
        return
    frame = tables["verdicts"]
    asked = records(frame[frame["teacher"] == identity.name])
    rows = [(plain(row.thief), plain(row.student), plain(row.verdict), plain(row.reason)) for row in asked]
    if rows:
        yield "Can it be learned from its answers? Over all seeds of the run:"
        yield table_text(("thief", "student", "verdict", "because"), rows)


def _limits(tables: Tables, identity: ModelIdentity) -> Iterator[str]:
    said = [
        "No number here is a guarantee of security: accuracy under an attack is an upper bound that a better attack "
        "lowers, a verdict holds for the thieves that were tried, and a certificate for its norm, radius and images.",
        f"Intervals are over test images of this one network, seed {identity.seed}; other seeds may differ by more.",
    ]
    if tables.facts["standin"]:
        said.append(f"The data stand in for others: {plain(tables.facts['standin'])}.")
    if tables.facts["missing"]:
        said.append("The run is not whole; what is missing is not shown.")
    yield "\n".join(f"- {line}" for line in said)


def _provenance(sidecar: Sidecar, tables: Tables) -> list[tuple[str, str]]:
    made = ", ".join(f"{name} {value}" for name, value in sidecar.environment.items())
    parents = [
        (f"made from {plain(role)}", f"BLAKE2b-256 `{parent.blake2b}`") for role, parent in sidecar.parents.items()
    ]
    return [
        ("weights", f"{sidecar.payload.bytes:,} bytes, BLAKE2b-256 `{sidecar.payload.blake2b}`"),
        ("identity of spec, code and parents", f"`{sidecar.key}`"),
        ("code", f"`{sidecar.code}`, commit {plain(tables.facts['commit'] or 'unknown')}"),
        *parents,
        ("environment", plain(made)),
        ("preset", plain(tables.facts["preset"])),
    ]


def _shape(tables: Tables) -> str:
    return "x".join(str(size) for size in tables.facts["shape"])


def _percent(share: Estimate) -> str:
    value = f"{percent(share.value)} %"
    if share.low is None or share.high is None or share.low != share.low:
        return value
    return f"{value} [{percent(share.low)}, {percent(share.high)}]"


def table_text(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
