"""From an audit to the parameters of its run: the preset ``audit``, and what is different from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distillab.core.errors import SpecError
from distillab.models import MODELS
from distillab.params.audit_file import AuditFile, Form, LabelAlone, Rounded, TopAlone
from distillab.params.audit_images import AuditImages
from distillab.specs.defense import DefenseSpec, PostHocDefense
from distillab.specs.model import ImageShape

SUBJECT = "mine"
"""Key of the audited model among the rows of the run."""

THIEF = "poor"
"""Key of the thief with few labels who sees probabilities."""

CONTROL = "ce"
"""Key of the teacher that is trained here, without protection: the positive control."""

ATTACKS = ("kd", "mkd", "argmax")

EACH = 10
"""Labels of each class that the thief has where nothing is said."""

PASSES = 3_000
"""Images that one training goes through for each minute of the budget, of 32x32 pixels."""

PIXELS = 32 * 32

EPOCHS = 6
"""Of a thief who asks about as many images as the budget allows."""

MOST_EPOCHS = 100

SMALL = (("cnn_digits", 16), ("wong_small", 96), ("shufflenet_v2", 1 << 12))
"""Networks of thieves, each with the largest images that it is taken for."""

CURVE = (0.3, 3, 10, 30)
"""Points of the curve over labels, in labels of the thief."""


@dataclass(frozen=True)
class AuditPlan:
    """What an audit buys, and the parameters of its run."""

    queries: int
    """Images that thieves ask about."""
    judged: int
    """Images that are asked about to judge with."""
    labels: int
    override: dict[str, Any]

    @property
    def answers(self) -> int:
        """Answers that are bought: each image once."""
        return self.queries + self.judged


def audit_plan(audit: AuditFile, images: AuditImages, folder: Path) -> AuditPlan:
    """The run of an audit.

    Args:
        audit: What the file says.
        images: What it says them of.
        folder: Where the file lies; relative paths of the model start there.

    Raises:
        SpecError: the numbers do not fit each other, a defense cannot stand around a model, or nobody said that the
            model may run code.
    """
    if audit.model.runs_code and not audit.trusted:
        what, do = "this kind of model can run code of its own", "say so if you trust whoever made it"
        raise SpecError(what, where="trusted", expected="trusted: true", got="false", do=do)
    queries = _queries(audit, images)
    labels = _labels(audit, images, queries)
    epochs = _epochs(audit, images, queries)
    student = audit.student.plain() if audit.student else {"name": small_network(images.shape)}
    override: dict[str, Any] = {
        "data": images.data | {"val": 0, "train_limit": queries},
        "device": audit.device,
        "seeds": list(range(audit.seeds)),
        "pairs": [{"teacher": student, "student": student}],
        "models": {SUBJECT: _priced(audit, _at(audit.model, folder))},
        "trusted": [SUBJECT] if audit.trusted else [],
        "train": {"epochs": 2 * epochs, "checkpoint_every": epochs},
        "student_train": {"epochs": epochs, "checkpoint_every": epochs},
        "defenses": {"*": None, CONTROL: {"name": "ce"}, **_wrappers(audit)},
        "thieves": {"*": None} | dict(_thieves(audit, labels)),
        "label_curve": {"labels": _curve(labels, images.classes, queries)},
    }
    return AuditPlan(queries, images.test, labels, override)


def _queries(audit: AuditFile, images: AuditImages) -> int:
    """Images asked about: what is said, else what minutes and answers allow."""
    affordable = None if audit.budget.answers is None else audit.budget.answers - images.test
    if affordable is not None and affordable < images.classes:
        expected = f"at least {images.test + images.classes}: {images.test} to judge with, and one of each class"
        raise SpecError("too few answers", where="budget.answers", expected=expected, got=str(audit.budget.answers))
    if audit.queries is None:
        return min(images.train, affordable or images.train, max(_passes(audit, images) // EPOCHS, images.classes))
    most = min(images.train, affordable or images.train)
    if audit.queries > most:
        why = (
            "images there are" if most == images.train else "answers of the budget that are left after the judged ones"
        )
        raise SpecError("too many", where="queries", expected=f"at most the {most} {why}", got=str(audit.queries))
    return audit.queries


def _labels(audit: AuditFile, images: AuditImages, queries: int) -> int:
    """Labels of the thief: few beside the images it asks about."""
    if audit.labels is None:
        return max(1, min(EACH * images.classes, queries // 2))
    if audit.labels > queries:
        raise SpecError("too many", where="labels", expected=f"at most the {queries} images", got=str(audit.labels))
    return audit.labels


def _passes(audit: AuditFile, images: AuditImages) -> int:
    pixels = images.shape[1] * images.shape[2]
    return int(PASSES * audit.budget.minutes * min(1.0, PIXELS / pixels))


def _epochs(audit: AuditFile, images: AuditImages, queries: int) -> int:
    """So many that one training takes its part of the budget, however many images there are."""
    return min(MOST_EPOCHS, max(3, round(_passes(audit, images) / queries)))


def small_network(shape: ImageShape) -> str:
    """Network of thieves and controls for images of this shape, where none is named."""
    size = max(shape[1:])
    return next(
        (name for name, most in SMALL if size <= most and not MODELS.parse({"name": name}).misfit(shape)),
        "wong_small",
    )


def _curve(labels: int, classes: int, queries: int) -> list[int]:
    points = {round(share * labels) for share in CURVE} | {queries}
    return sorted(n for n in points if classes <= n <= queries and n != labels)


def _wrappers(audit: AuditFile) -> dict[str, Any]:
    """Defenses of the outputs around the model, by key."""
    found: dict[str, Any] = {}
    for place, protection in enumerate(audit.defenses):
        if not isinstance(protection, DefenseSpec):
            continue
        if not isinstance(protection, PostHocDefense):
            expected = "a defense of the outputs alone: nothing is trained into the model"
            raise SpecError(
                "cannot stand around a model", where=f"defenses[{place}]", expected=expected, got=protection.name
            )
        key = protection.name if protection.name not in found else f"{protection.name}_{place}"
        found[key] = protection.plain() | {"base": SUBJECT}
    return found


def _thieves(audit: AuditFile, labels: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The thief, and the same thief with less in its answers."""
    means = {
        "labels": labels, "queries": "all", "label_smoothing": 0.4, "attacks": list(ATTACKS),
        "control_seeds": 2 * audit.seeds,
    }  # fmt: skip
    yield THIEF, means
    for protection in audit.defenses:
        if not isinstance(protection, DefenseSpec):
            yield f"{THIEF}_{_form_name(protection)}", means | {"answers": _shows(protection), "defenses": [SUBJECT]}


def _shows(form: Form) -> object:
    """What a thief is said to be shown."""
    return "label" if isinstance(form, LabelAlone) else form.model_dump(exclude={"name"})


def _form_name(form: Form) -> str:
    if isinstance(form, TopAlone):
        return f"top_{form.top}"
    return f"rounded_{form.rounded}" if isinstance(form, Rounded) else "label"


def _priced(audit: AuditFile, model: dict[str, Any]) -> dict[str, Any]:
    """The model with the price of its answers, which the progress of asking tells.

    Raises:
        SpecError: nobody pays for its answers, or two prices are given.
    """
    if audit.price is None:
        return model
    if "endpoint" not in model:
        what, expected = "answers of this kind of model are not counted one by one", "a price of an endpoint's answers"
        raise SpecError(what, where="price", expected=expected, got=audit.model.name, do="leave it out")
    own = model["endpoint"].get("price", 0.0)
    if own:
        raise SpecError("given twice", where="price", expected="price, or endpoint.price of 1000 answers", got="both")
    return model | {"endpoint": model["endpoint"] | {"price": 1000 * audit.price}}


def _at(model: Any, folder: Path) -> dict[str, Any]:  # noqa: ANN401 - a spec of any kind
    """The model with its files where they are, whatever folder the run is in."""
    places = {name: str((folder / value).absolute()) for name, value in model if isinstance(value, Path)}
    plain: dict[str, Any] = model.plain()
    return plain | places
