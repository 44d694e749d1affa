"""The tables that stage ``collect`` wrote, read back with their columns checked."""

import json
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distillab.core.errors import ArtifactError
from distillab.core.sidecar import file_hash
from distillab.reporting.names import GRADED, distinct

if TYPE_CHECKING:
    import pandas as pd


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COLUMNS: dict[str, tuple[str, ...]] = {
    "models": _names(
        "model role defense defense_label grade attack attack_label teacher arch chain temperature step seed eps "
        "chosen parameters epochs val_accuracy val_n test_accuracy test_n entropy_nats entropy_normalized ece nll "
        "brier confidence agreement flip_rate change_l1"
    ),
    "knockoff": _names(
        "defense defense_label grade teacher attack attack_label attack_grade in_paper student seeds test_n "
        "knockoff_accuracy knockoff_low knockoff_high ls_eps ls_accuracy ls_low ls_high delta delta_low delta_high "
        "queries responses"
    ),
    "verdicts": _names(
        "defense defense_label teacher student verdict literal best_attack best_delta lower upper margin seeds attacks "
        "reason paper_verdict paper_literal paper_best_attack paper_best_delta paper_lower paper_upper paper_margin "
        "paper_seeds paper_attacks paper_reason"
    ),
    "robustness": _names(
        "model role defense arch chain temperature step attack attack_label logits norm kind eps seed n clean_accuracy "
        "robust_accuracy robust_low robust_high success_rate success_low success_high success_n median_distance "
        "mean_distance max_distance penalized_mean mean_l2 failures forwards backwards zero_gradient randomized_forward"
    ),
    "curves": _names("model attack logits norm seed eps robust_accuracy n"),
    "worst": _names(
        "model role defense arch chain temperature step seed norm eps attacks n clean_accuracy robust_accuracy "
        "robust_low robust_high best_single boundary transfer_wins"
    ),
    "certificates": _names(
        "model role defense arch certifier certifier_label norm eps seed n clean_accuracy certified_accuracy low high "
        "slack robust_accuracy robust_n gap median_radius by_ibp by_dual by_crown by_alpha_crown by_lp by_milp "
        "undecided"
    ),
    "certified_images": _names("model certifier seed id eps label certified by margin radius"),
    "cascades": _names(
        "cascade arch stages certifier norm eps seed n paper_robust_error strict_robust_error standard_error shares"
    ),
    "responses": _names(
        "teacher defense defense_label seed temperature n entropy entropy_sd support gap kl_from_plain kl_to_plain"
    ),
    "profiles": _names("teacher defense seed rank value"),
    "cmi": _names("teacher defense defense_label arch seed split power label cmi n"),
    "leaks": _names(
        "teacher defense defense_label arch seed split peak peak_power peak_corrected similarity resemblance n"
    ),
    "simplex": _names("defense teacher seed power label name corners x y"),
    "ablations": _names("method field value defense quantity attack number low high seeds"),
    "hypotheses": _names("defense hypothesis statement unit value low high p decision seeds"),
    "history": _names("model role seed epoch term value"),
    "examples": _names(
        "model attack logits seed id label label_clean label_adv distance norm height width channels clean adversarial"
    ),
    "sensitivity": _names(
        "model role arch chain temperature step seed n small small_low small_high small_float32 log10_p5 log10_median "
        "log10_p95 log10_logits_median margin_median"
    ),
    "steps": _names("chain norm view earlier later temperature difference low high seeds images_low images_high n"),
    "claims": _names("claim chain statement view unit value low high p decision seeds source"),
}
"""Columns that a report may rely on; a table may hold more."""

FACTS = _names(
    "preset title standin shape classes class_names train_n val_n test_n seeds margin params cells_planned cells_done "
    "flags command license source split_rule"
)

RUN = _names("stage_seconds environment commit")
"""Keys of the one table that two equal runs do not share."""

_REMEDY = "run snakemake again, or point the report at a folder that stage collect wrote"


class Tables:
    """One folder of tables; each is read and checked when first asked for."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._frames: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> "pd.DataFrame":
        """The table called ``name``, with at least the columns of `COLUMNS`.

        Raises:
            ArtifactError: The file is absent, unreadable, or lacks a column.
        """
        if name not in self._frames:
            self._frames[name] = _told_apart(name, _read(self.folder / f"{name}.parquet", COLUMNS[name]))
        return self._frames[name]

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What is not a table: data set, seeds, resolved parameters, environment, command, run times.

        Raises:
            ArtifactError: A file is absent, not JSON, or lacks a key.
        """
        return _read_json(self.folder / "facts.json", FACTS) | _read_json(self.folder / "run.json", RUN)

    @cached_property
    def dataset(self) -> str:
        """The data set's title, short; a stand-in says that it is one."""
        return f"{self.facts['title']} (stand-in)" if self.facts["standin"] else str(self.facts["title"])

    @cached_property
    def networks(self) -> dict[str, str]:
        """Id of each teacher to its architecture."""
        models = self["models"]
        teachers = models[models["role"] == "teacher"].drop_duplicates("model")
        return dict(zip(teachers["model"], teachers["arch"], strict=True))

    @cached_property
    def grades(self) -> dict[str, str]:
        """Provenance of each defense and each knockoff attack, by key; see `distillab.reporting.names.GRADES`."""
        models, knockoff = self["models"], self["knockoff"]
        grades = dict(zip(models["defense"], models["grade"], strict=True))
        grades |= dict(zip(knockoff["defense"], knockoff["grade"], strict=True))
        return grades | dict(zip(knockoff["attack"], knockoff["attack_grade"], strict=True))

    @cached_property
    def own_designs(self) -> frozenset[str]:
        """Keys of the methods that no paper describes."""
        methods: dict[str, dict[str, Any]] = self.facts.get("methods", {})
        return frozenset(
            key for kind in methods.values() for key, method in kind.items() if method["paper"] == "distillab"
        )

    @cached_property
    def labels(self) -> dict[str, str]:
        """What a page calls each model, attack and defense: id or key to label."""
        models, knockoff = self["models"], self["knockoff"]
        labels = dict(zip(knockoff["defense"], knockoff["defense_label"], strict=True))
        labels |= dict(zip(models["defense"], models["defense_label"], strict=True))
        labels |= dict(zip(knockoff["attack"], knockoff["attack_label"], strict=True))
        labels |= _attack_labels(records(self["robustness"].drop_duplicates("attack")))
        for row in records(models.drop_duplicates("model")):
            labels[str(row.model)] = _model_label(row, labels, self.grades)
        return labels

    def label(self, key: str) -> str:
        """The label of a model, attack or defense; its key where no table names it."""
        return self.labels.get(key) or key

    def hashes(self) -> dict[str, str]:
        """BLAKE2b-256 of every file read so far, by file name."""
        names = sorted(f"{name}.parquet" for name in self._frames)
        return {name: file_hash(self.folder / name) for name in [*names, "facts.json"]}


def norm_label(norm: str) -> str:
    """How a page writes a norm's key."""
    return {"l0": "L0", "l2": "L2", "linf": "L∞"}.get(norm, norm)


def step_name(step: int) -> str:
    """What a chain's step is called: teacher, assistant, student, then by its number."""
    names = ("teacher", "assistant", "student")
    return names[int(step)] if step < len(names) else f"step {int(step)}"


def records(frame: "pd.DataFrame") -> list[Any]:
    """The rows, their columns as attributes and their label as ``Index``."""
    return list(frame.itertuples())


def _told_apart(name: str, frame: "pd.DataFrame") -> "pd.DataFrame":
    """The table, with labels that differ wherever the keys of defenses or knockoff attacks do."""
    for kind in ("defense", "attack") if name == "knockoff" else ("defense",):
        if {kind, f"{kind}_label"} <= set(frame.columns):
            pairs = zip(frame[kind], frame[f"{kind}_label"], strict=True)
            labels = distinct({key: label for key, label in pairs if key})
            frame = frame.assign(**{f"{kind}_label": [labels.get(key, "") for key in frame[kind]]})
    return frame


def _attack_labels(rows: list[Any]) -> dict[str, str]:
    """Key to label; with the norm where labels clash, with the key where the norm does not tell them apart either."""
    named = Counter(row.attack_label for row in rows)
    normed = Counter((row.attack_label, row.norm) for row in rows)
    labels = {}
    for row in rows:
        norm = f" {norm_label(row.norm)}" if named[row.attack_label] > normed[row.attack_label, row.norm] else ""
        key = f" ({row.attack})" if normed[row.attack_label, row.norm] > 1 else ""
        labels[row.attack] = f"{row.attack_label}{norm}{key}"
    return labels


def _model_label(row: Any, labels: dict[str, str], grades: dict[str, str]) -> str:  # noqa: ANN401 - a row
    if row.role == "ls_student":
        return "LS student"
    if row.role == "chain":
        return f"{row.chain}: {step_name(row.step)}, T = {row.temperature:g}"
    defense, attack = (
        f"{labels.get(key, key)} ({grades[key]})" if grades.get(key) in GRADED else labels.get(key, key)
        for key in (row.defense, row.attack)
    )
    return f"{attack} knockoff of {defense}" if row.role == "knockoff" else defense or str(row.model)


def _read_json(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtifactError("missing", where=str(path), do=_REMEDY) from error
    except ValueError as error:
        raise ArtifactError("not JSON", where=str(path), got=str(error), do=_REMEDY) from error
    _require(path, "keys", keys, content)
    return content


def _read(path: Path, columns: tuple[str, ...]) -> "pd.DataFrame":
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except FileNotFoundError as error:
        raise ArtifactError("missing", where=str(path), do=_REMEDY) from error
    except (OSError, ValueError) as error:
        raise ArtifactError("not a parquet table", where=str(path), got=str(error), do=_REMEDY) from error
    if frame.empty and not len(frame.columns):
        return pd.DataFrame(columns=list(columns))  # written from no rows, so without columns
    _require(path, "columns", columns, frame.columns)
    unknown = frame.columns[frame.isna().all()]
    return frame.astype(dict.fromkeys(unknown, "float64"))  # nothing but null: not a number type of its own


def _require(path: Path, what: str, wanted: tuple[str, ...], found: Any) -> None:  # noqa: ANN401 - any container
    missing = [name for name in wanted if name not in found]
    if missing:
        raise ArtifactError(f"lacks {what}", where=str(path), expected=", ".join(missing), do=_REMEDY)
