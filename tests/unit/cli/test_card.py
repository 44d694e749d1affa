"""``distillab card``: which file gets which card, what all of them are called, and what is refused in one line."""

import json

import pytest

from distillab.cli import main
from distillab.core.sidecar import Parent, Sidecar, payload_of, write_sidecar
from distillab.plan import load_plan


def made(path, parents=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(path))
    sidecar = Sidecar(
        stage="x", id=path.name, key="k", spec={}, code="c", parents=parents or {}, payload=payload_of(path),
        environment={},
    )  # fmt: skip
    write_sidecar(path, sidecar)
    return Parent(key="k", blake2b=sidecar.payload.blake2b)


@pytest.fixture
def finished(project, monkeypatch):
    """The project with images, splits, a teacher and their tables; cards say what they are of."""
    plan = load_plan()
    wanted = [plan.members["data-images"], plan.members["data-split"], plan.members["ce-cnn_digits-s4"]]
    parents = {member.id: made(project / member.path) for member in wanted}
    folder = project / "results" / "tiny" / "tables" / "index"
    made(folder / "models.parquet", parents)
    (folder / "worst.parquet").touch()
    monkeypatch.setattr("distillab.reporting.tables.Tables.facts", {"title": "Digits"})
    cards = "distillab.reporting"
    monkeypatch.setattr(f"{cards}.model_card.model_card", lambda *given: f"{given[1].name} {given[2]}\n")
    monkeypatch.setattr(
        f"{cards}.data_card.data_card", lambda images, split, facts: f"{images.id} {split.id} {facts}\n"
    )
    monkeypatch.setattr(
        f"{cards}.robustbench.model_infos", lambda _tables: iter([("digits/Linf/a.json", {"eps": "1"})])
    )
    return {member.id: member.path for member in wanted}


@pytest.fixture
def card(capsys):
    """Run the command: exit code, output, errors."""

    def run(*arguments):
        code = main(["card", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_file_gets_its_card(finished, card):
    assert card(finished["ce-cnn_digits-s4"]) == (0, "ce-cnn_digits s4.safetensors\n", "")
    data = "images.safetensors split.safetensors {'title': 'Digits'}\n"
    assert card(finished["data-images"]) == (0, data, "")


def test_all_are_written_of_what_is_there(finished, card, project):
    names = ["data.md", "models/ce-cnn_digits-s4.md", "model_info/digits/Linf/a.json"]
    code, out, err = card("--output", "cards")
    assert (code, out.splitlines(), err) == (0, [f"cards/{name}" for name in names], "")
    assert (project / "cards" / names[1]).read_text() == "ce-cnn_digits s4.safetensors\n"
    assert json.loads((project / "cards" / names[2]).read_text()) == {"eps": "1"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "distillab card: nothing to do; expected either a file or --output FOLDER"),
        (("x", "--output", "y"), "distillab card: nothing to do; expected either a file or --output FOLDER"),
        (("x.safetensors",), "x.safetensors: nothing that has a card; expected weights or data/images.safetensors"),
        (("results/tiny/data/split.safetensors",), "split.safetensors: nothing that has a card"),
    ],
)
def test_what_has_no_card_is_told(finished, card, arguments, says):
    code, out, err = card(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err


def test_damaged_weights_and_tables_of_others_have_no_card(finished, card, project):
    path = finished["ce-cnn_digits-s4"]
    made(project / "results/tiny/tables/index/models.parquet", {"ce-cnn_digits-s4": Parent(key="k", blake2b="b")})
    assert card(path) == (3, "", f"distillab: {path}: the tables are of another one; run snakemake again\n")
    (project / path).write_text("edited")
    code, _, err = card(path)
    assert code == 3
    assert "truncated or edited" in err
