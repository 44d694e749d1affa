"""Tables of recorded answers: each form of file gives the same, and what is wrong with one is one line."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from distillab.blackbox.forms import AnswerFormat
from distillab.blackbox.npy import MAGIC
from distillab.blackbox.recorded import read_recorded
from distillab.core.errors import ArtifactError

ANSWER = AnswerFormat("probabilities", 3, 1e-3)
LABELS = AnswerFormat("labels", 3, 1e-3)
IDS = ["cats/1.png", "dogs/ü, 2.png", "007"]
PROBS = np.array([[0.5, 0.25, 0.25], [0, 1, 0], [0.3333, 0.3333, 0.3333]])


def frame(ids=IDS, probs=PROBS):
    return pd.DataFrame({"id": ids} | {f"p{i}": column for i, column in enumerate(np.asarray(probs).T)})


def written(folder, suffix, table, **options):
    path = folder / f"answers{suffix}"
    if suffix == ".csv":
        table.to_csv(path, index=False, **options)
    elif suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        answers = table["label"].to_numpy() if "label" in table else table.drop(columns="id").to_numpy()
        np.savez(path, ids=table["id"].to_numpy().astype(str), answers=answers)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz"])
def test_every_form_gives_ids_and_normalized_answers(tmp_path, suffix):
    found = read_recorded(written(tmp_path, suffix, frame()), ANSWER)
    assert found.ids == IDS
    assert found.rows.dtype == np.float32
    np.testing.assert_allclose(found.rows, PROBS / PROBS.sum(axis=1, keepdims=True), rtol=1e-6)
    assert (found.rows[1] == [0, 1, 0]).all()
    labels = read_recorded(written(tmp_path, suffix, pd.DataFrame({"id": IDS, "label": [2, 0, 1]})), LABELS)
    assert LABELS.log_probs(labels.rows).tolist()[0] == [-np.inf, -np.inf, 0]


def test_a_table_is_longer_than_a_block(tmp_path):
    ids = [f"train/{i}" for i in range(40_000)]
    probs = np.random.default_rng(0).dirichlet(np.ones(3), len(ids))
    for suffix in (".csv", ".parquet", ".npz"):
        found = read_recorded(written(tmp_path, suffix, frame(ids, probs)), ANSWER)
        assert found.ids == ids
        np.testing.assert_allclose(found.rows, probs, atol=1e-6)


def changed(row, column, value):
    table = frame()
    table[column] = table[column].astype(object)
    table.loc[row, column] = value
    return table


WRONG = [
    (frame(probs=[[0.5, 0.2, 0.2], *PROBS[1:]]), r"id 'cats/1\.png': probabilities that do not sum to 1; .*got 0\.9$"),
    (frame(probs=[*PROBS[:2], [1.5, -0.5, 0]]), "id '007': not a probability"),
    (frame(ids=["a", "b", "a"]), "an id that is there twice; got 'a'"),
    (frame(ids=["a", "", "c"]), "without a usable id|without a value"),
    (frame(probs=PROBS[:, :2]), r"other columns .*expected id,p0,\.\.\.,p2 for probabilities of 3 .*got 'id,p0,p1'"),
    (frame(probs=np.c_[PROBS, PROBS[:, :1]]), "other columns .*got 'id,p0,p1,p2,p3'"),
    (frame().rename(columns={"id": "file"}), "other columns"),
    (frame().drop(index=[0, 1, 2]), "no answers"),
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("table", range(len(WRONG)))
def test_what_is_wrong_is_one_line_that_names_the_row(tmp_path, suffix, table):
    content, says = WRONG[table]
    with pytest.raises(ArtifactError, match=says.removesuffix("$")) as error:
        read_recorded(written(tmp_path, suffix, content), ANSWER)
    assert str(error.value).startswith(str(tmp_path / f"answers{suffix}"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("label", "says"), [(3, "not a class; .* 0 to 2; got 3"), (-1, "got -1"), (0.5, "got 0.5")])
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz"])
def test_a_label_outside_is_refused(tmp_path, suffix, label, says):
    with pytest.raises(ArtifactError, match=f"id 'b': .*{says}"):
        read_recorded(written(tmp_path, suffix, pd.DataFrame({"id": ["a", "b"], "label": [0, label]})), LABELS)


@pytest.mark.parametrize(("content", "says"), [
    ("id;p0;p1;p2\na;1;0;0\n", "separate columns by commas, not by semicolons"),
    ("a,1,0,0\nb,0,1,0\n", "other columns than those"),
    ("id,p0,p1,p2\na,1,0\n", "Expected 4 columns, got 3"),
    ("id,p0,p1,p2\na,1,0,zero\n", "no csv table of recorded answers"),
    ("id,p0,p1,p2\na,1,0,\n", "a row without a value; got nothing in column p2"),
    ("id,p0,p1,p2\na,nan,0,0\n", "not a finite number|a row without a value"),
    ("id,p0,p1,p2\na,inf,0,0\n", "not a finite number"),
    ("id,p0,p1,p2,p2\na,1,0,0,0\n", "other columns"),
    ("", "other columns|no csv"),
])  # fmt: skip
def test_a_csv_of_another_kind_is_told(tmp_path, content, says):
    (tmp_path / "answers.csv").write_text(content)
    with pytest.raises(ArtifactError, match=says):
        read_recorded(tmp_path / "answers.csv", ANSWER)


class Hostile:
    """Would write a file if it was unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return type(self.path).touch, (self.path,)


def test_nothing_is_unpickled(tmp_path):
    trap = tmp_path / "sprung"
    np.savez(tmp_path / "answers.npz", ids=np.array([Hostile(trap)], dtype=object), answers=PROBS[:1])
    with pytest.raises(ArtifactError, match="store ids as texts, not as objects: they could run code"):
        read_recorded(tmp_path / "answers.npz", ANSWER)
    assert not trap.exists()


def test_packed_bytes_that_are_damaged_are_told(tmp_path):
    path = tmp_path / "answers.npz"
    np.savez_compressed(path, ids=np.arange(500), answers=np.random.default_rng(0).random((500, PROBS.shape[1])))
    content = bytearray(path.read_bytes())
    first = content.index(b"ids.npy") + 30  # where its packed bytes are, behind its header
    content[first : first + 40] = b"\xff" * 40
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="no npz file of recorded answers"):
        read_recorded(path, ANSWER)


def test_an_npz_that_numpy_did_not_write_is_told(tmp_path):
    path, head = tmp_path / "answers.npz", MAGIC + b"\x01\x00"
    promises = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 9)}\n"
    for member in (b"no array", head + b"\x03\x00{'a", head + bytes([len(promises), 0]) + promises):
        np.savez(path, ids=np.array(IDS))
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("answers.npy", member)
        with pytest.raises(ArtifactError, match="no npz file of recorded answers"):
            read_recorded(path, ANSWER)


def test_ids_that_are_no_texts_are_told(tmp_path):
    path = written(tmp_path, ".parquet", frame())
    first = str(IDS[0]).encode()
    path.write_bytes(path.read_bytes().replace(first, b"\xff" * len(first)))
    with pytest.raises(ArtifactError, match="no parquet table of recorded answers"):
        read_recorded(path, ANSWER)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz"])
def test_a_damaged_file_is_told(tmp_path, suffix):
    path = written(tmp_path, suffix, frame())
    path.write_bytes(b"\0\1\2" * 50)
    with pytest.raises(ArtifactError, match=r"no .* of recorded answers|other columns"):
        read_recorded(path, ANSWER)
    path.unlink()
    with pytest.raises(ArtifactError, match="no such file"):
        read_recorded(path, ANSWER)
    with pytest.raises(ArtifactError, match=r"expected \.csv or \.parquet or \.npz"):
        read_recorded(tmp_path / "answers.pkl", ANSWER)


def test_arrays_that_do_not_fit_each_other_are_told(tmp_path):
    for arrays in (
        {"ids": IDS[:2], "answers": PROBS},
        {"ids": [IDS], "answers": PROBS},
        {"names": IDS, "answers": PROBS},
    ):
        np.savez(tmp_path / "answers.npz", **{name: np.array(value) for name, value in arrays.items()})
        with pytest.raises(ArtifactError, match=r"not one id for each answer|other arrays than those"):
            read_recorded(tmp_path / "answers.npz", ANSWER)
