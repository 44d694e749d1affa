"""What cannot be of networks from elsewhere, checked before any job exists; nothing of them is run for it."""

from collections.abc import Iterator

from distillab.core.errors import ArtifactError
from distillab.params.root import Params
from distillab.specs.brought import BroughtSpec


def impossible_models(params: Params) -> Iterator[str]:
    """One line per model and field that cannot be."""
    for key, model in params.models.items():
        if key in params.defenses:
            yield f"models.{key}: {key} is a defense, too; expected another name: both are rows of one matrix"
        yield from _not_for_these_data(params, f"models.{key}", model)
        if model.runs_code and key not in params.trusted:
            yield (
                f"models.{key}: a file of this kind can run code when it is read; if you trust whoever made it, write "
                f"`trusted: [{key}]` under override"
            )
        try:
            model.files()
            model.fingerprint()
        except ArtifactError as error:
            yield f"models.{key}: {error}"
    for key in params.trusted:
        if key not in params.models:
            yield f"trusted: expected some of {', '.join(params.models) or 'the keys of models'}; got {key!r}"


def _not_for_these_data(params: Params, where: str, model: BroughtSpec) -> Iterator[str]:
    facts = params.data.facts
    if model.data is not None and model.data != params.data.name:
        yield f"{where}.data: the run is on {params.data.name}; expected a model for it; got one for {model.data!r}"
    if model.mean is not None and len(model.mean) not in (1, facts.shape[0]):
        yield f"{where}.mean: expected {facts.shape[0]} numbers for {facts.title}; got {len(model.mean)}"
    students = list(dict.fromkeys(pair.student.name for pair in params.pairs))
    for name in model.students:
        if name not in students:
            yield f"{where}.students: expected some of {', '.join(students)}, students of pairs; got {name!r}"
