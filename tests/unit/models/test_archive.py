"""Files of models are read whole: one too large is refused before a byte of it is; what is kept is what was read."""

import pytest

from distillab.core.errors import ArtifactError
from distillab.models.brought import BROUGHT
from distillab.models.brought.archive import BYTES, as_bytes, as_file, as_tensor
from distillab.specs.brought import LARGEST
from distillab.specs.model import Domain

DOMAIN = Domain((1, 8, 8), 4, (0.5,), (0.5,))
KINDS = [("torchscript", "m.pt", 4), ("exported", "m.pt2", 4), ("onnx", "m.onnx", 4), ("weights", "m.pth", 4),
         ("recorded", "m.csv", 12)]  # fmt: skip


def model(kind, path):
    return BROUGHT.parse({"name": kind, kind: str(path)} | ({"arch": "cnn_digits"} if kind == "weights" else {}))


@pytest.mark.parametrize(("kind", "name", "most"), KINDS)
def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path, kind, name, most):
    with (tmp_path / name).open("wb") as file:
        file.truncate(most * 2**30 + 1)  # a hole: it takes no room
    line = rf"{name}: cannot be read as a model; expected at most {most} GiB; got {most}\.0 GiB"
    with pytest.raises(ArtifactError, match=line):
        model(kind, tmp_path / name).fingerprint()


@pytest.mark.parametrize(("kind", "name", "most"), KINDS)
def test_an_empty_file_is_one_line(tmp_path, kind, name, most):
    (tmp_path / name).touch()
    with pytest.raises(ArtifactError, match=name) as error:
        model(kind, tmp_path / name).read(DOMAIN)
    assert "\n" not in str(error.value)


def test_what_is_kept_is_what_was_read(tmp_path):
    (tmp_path / "m").write_bytes(bytes(range(256)))
    kept = as_tensor(tmp_path / "m")
    assert as_bytes(kept) == as_file({BYTES: kept}).read() == bytes(range(256))
    with (tmp_path / "m").open("wb") as file:  # it grew after it was planned
        file.truncate(LARGEST + 1)
    with pytest.raises(ArtifactError, match="at most 4 GiB"):
        as_tensor(tmp_path / "m")
    with pytest.raises(ArtifactError, match="cannot be read; got Is a directory"):
        as_tensor(tmp_path)
