"""What every registered data set must be, whoever wrote it."""

import os
from pathlib import Path

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from distillab.core.errors import ArtifactError, SpecError
from distillab.core.registry import name_of
from distillab.data import DATASETS
from distillab.specs.data import StreamingDataSpec

SHARED = Path(os.environ.get("DISTILLAB_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
MINE = {"title": "Mine", "path": "mine", "shape": (3, 8, 8), "classes": 2}
REQUIRED = {"image_folder": MINE, "labeled_images": MINE | {"images": 9, "held_out": 3}, "har": {}}
"""What a data set without a published hash needs to be read."""


def make(name, **fields):
    return DATASETS[name](**REQUIRED.get(name, {}) | fields)


def needs_no_file(name):
    """Whether a data set is generated, or comes with an installed library: nothing was published that it could hash."""
    spec = make(name)
    return not (name in REQUIRED or spec.streaming or spec.facts.sha256 or spec.facts.md5)


OFFLINE = {name: {} for name in filter(needs_no_file, DATASETS.names)} | {"mnist": {"root": str(SHARED)}}


every = pytest.mark.parametrize("name", DATASETS.names)


@every
def test_facts_are_complete_and_need_no_file(name, tmp_path):
    facts = make(name, root=str(tmp_path / "nowhere")).facts
    assert all(part.strip() for part in (facts.title, facts.source, facts.license, facts.split_rule))
    assert facts.classes >= 2
    assert facts.shape[0] in {1, 3}
    assert 1 <= facts.levels <= 1 << 24  # exact in float32
    assert all(len(digest) == 64 for digest in facts.sha256.values())
    assert all(len(digest) == 32 for digest in facts.md5.values())


@every
def test_specs_are_closed_and_survive_json(name):
    spec = make(name, val=3)
    assert DATASETS[name].model_validate_json(spec.model_dump_json()) == spec
    assert TypeAdapter(DATASETS.union).validate_python(spec.plain()) == spec
    with pytest.raises(ValidationError, match="Extra inputs"):
        make(name, no_such_field=1)


@every
def test_every_field_is_described(name):
    fields = DATASETS[name].model_fields
    assert not [key for key, field in fields.items() if key != "name" and not field.description]


@every
def test_streaming_says_whether_images_are_read_or_listed(name):
    assert DATASETS[name].streaming == issubclass(DATASETS[name], StreamingDataSpec)


@every
@pytest.mark.parametrize("fields", [{"val": -1}, {"train_limit": 0}, {"test_limit": 0}])
def test_impossible_sizes_are_refused(name, fields):
    with pytest.raises(ValidationError):
        make(name, **fields)


@pytest.mark.parametrize("name", OFFLINE)
def test_what_is_read_agrees_with_the_facts(name):
    if "root" in OFFLINE[name] and not SHARED.is_dir():
        pytest.skip("no stand-in data: set DISTILLAB_SHARED_DATA")
    spec = make(name, **OFFLINE[name])
    raw, facts = spec.read(), spec.facts
    assert (raw.train_x.shape, raw.test_x.shape) == ((facts.train, *facts.shape), (facts.test, *facts.shape))
    assert raw.train_x.dtype == raw.test_x.dtype == torch.uint8
    assert raw.train_y.dtype == raw.test_y.dtype == torch.int64
    assert raw.train_x.is_contiguous()
    assert raw.train_y.unique().tolist() == raw.test_y.unique().tolist() == list(range(facts.classes))
    assert len(raw.class_names) == facts.classes
    assert raw.train_x.max() == raw.levels == facts.levels
    assert raw.standin == facts.standin


@pytest.mark.parametrize("name", sorted({"image_folder", "imagenet", "labeled_images"}))
def test_absent_files_are_one_line(name, tmp_path):
    spec = make(name, root=str(tmp_path))
    with pytest.raises(ArtifactError) as error:
        spec.listing() if isinstance(spec, StreamingDataSpec) else spec.read()
    assert str(tmp_path) in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(SpecError, match=r"unknown data set; expected one of digits, .*did you mean mnist"):
        DATASETS["mnits"]


def test_what_is_read_is_what_needs_no_file_and_mnist():
    assert {"digits", "synthetic", "mnist"} <= OFFLINE.keys()
    assert not OFFLINE.keys() & {*REQUIRED, "cifar10", "cifar100", "fashion_mnist", "imagenet", "tiny_imagenet"}


def test_names_are_unique_words():
    assert all(name_of(spec).isidentifier() for spec in DATASETS)
