"""LS students: labels smoothed by as much as their name says, the recipe of students, no teacher."""

import math

import pytest
import torch
import torch.nn.functional as F
from small_project import DATA, EPOCHS, LABELS, OTHER, OVERRIDE, TRAIN, VAL, SmallProject, forward, images

from distillab.data.dataset import Batch
from distillab.data.label_sets import label_set
from distillab.stages import baseline, training


@pytest.mark.parametrize("smoothing", [0.1, 0.3])
@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_minimized_is_smoothed_cross_entropy_by_its_own_share(small, monkeypatch, tmp_path, smoothing, seed):
    """``-sum_i ((1 - smoothing) 1[i = y] + smoothing / k) ln q_i``, for each image."""
    asked, student = {}, f"ls{smoothing}-cnn_digits"

    def train(member, *_arguments, role, objective, data):
        asked.update(member=member.id, role=role, objective=objective(None, None, None), data=data)

    monkeypatch.setattr(baseline, "train_member", train)
    small.remade(small.member(f"{student}-s{seed}"), tmp_path)
    assert len(asked["data"].split.train) == TRAIN
    assert (asked["member"], asked["role"]) == (f"{student}-s{seed}", "student")
    x, y = images("train")
    weights = small.weights("ce-cnn_digits-s0")
    terms = asked["objective"].terms(lambda x: forward(weights, x), Batch(x, y, torch.arange(len(y))))
    target = (1 - smoothing) * F.one_hot(y, 5).double() + smoothing / 5
    assert terms.keys() == {"cross_entropy"}
    torch.testing.assert_close(
        terms["cross_entropy"], -(target * forward(weights, x).log_softmax(1)).sum(1), atol=1e-9, rtol=0
    )


def test_smoothings_and_seeds_give_different_students(small):
    ids = [f"ls{smoothing}-cnn_digits-s{seed}" for smoothing in (0.1, 0.3) for seed in (0, 1)]
    weights = [small.weights(i)["network.7.weight"] for i in ids]
    assert min((a - b).abs().max() for i, a in enumerate(weights) for b in weights[:i]) > 1e-4


def test_a_student_learns(small):
    """From a loss near that of a guess, and its training images better than by guessing."""
    made = small.made("ls0.1-cnn_digits-s1")
    first, *_, last = made.product.results["history"]
    assert len(made.product.results["history"]) == EPOCHS
    assert last["cross_entropy"] < first["cross_entropy"] < 2 * math.log(5)
    x, y = images("train")
    index = small.index("train")
    right = forward(made.tensors, x[index]).argmax(1) == y[index]
    assert right.sum() > TRAIN / 5 + 3 * math.sqrt(TRAIN * 0.16)


def bytes_of(project, member):
    return project.made(member).entry.payload.read_bytes()


def test_the_labels_of_all_training_images_give_the_weights_of_the_papers_student(robbed):
    student, paper = "ls0.1-cnn_digits--whole-s1", "ls0.1-cnn_digits-s1"
    assert robbed.member(student).key != robbed.member(paper).key
    assert bytes_of(robbed, student) == bytes_of(robbed, paper)


def test_fewer_labels_give_another_student(robbed):
    assert len({bytes_of(robbed, f"ls0.1-cnn_digits--{thief}-s0") for thief in ("whole", "poor", "labels_6")}) == 3
    assert bytes_of(robbed, "ls0.1-cnn_digits--poor-s0") == bytes_of(robbed, "ls0.1-cnn_digits--stranger-s0")


@pytest.fixture
def trained_on(robbed, monkeypatch, tmp_path):
    """Images and labels that a control's training is given, and how many images its epoch has."""

    def run(member_id):
        given = {}

        def train(_model, source, index, *_arguments, **_options):
            given.update(y=source.y, index=index)
            return []

        monkeypatch.setattr(training, "fit", train)
        robbed.remade(robbed.member(member_id), tmp_path / member_id)
        return given["y"], given["index"]

    return run


@pytest.mark.parametrize("thief", ["asks_all", "asks_some"])
@pytest.mark.parametrize("seed", [0, 1])
def test_pseudo_labels_are_what_its_own_ls_student_says(robbed, trained_on, thief, seed):
    y, index = trained_on(f"pseudo0.1-cnn_digits--{thief}-s{seed}")
    x, true = images("train")
    own = label_set(true, robbed.index("train"), LABELS, seed=seed)
    assert torch.equal(y[own], true[own])
    others = index.unique()[~torch.isin(index.unique(), own)]
    assert len(others) > 0
    weights = robbed.weights(f"ls0.1-cnn_digits--{thief}-s{seed}")
    assert torch.equal(y[others], forward(weights, x[others]).argmax(1))
    assert (y[others] != true[others]).any(), "else the truth would do as well"


def test_pseudo_labels_of_other_images_too(robbed, trained_on):
    y, index = trained_on("pseudo0.1-cnn_digits--stranger-s0")
    x = OTHER.read().train_x.double() / 255
    weights = robbed.weights("ls0.1-cnn_digits--stranger-s0")
    assert torch.equal(y[DATA.train_images :], forward(weights, x).argmax(1))
    assert torch.isin(torch.arange(DATA.train_images, len(y)), index).all()


@pytest.mark.parametrize("student", ["ls0.1-cnn_digits--labels_6", "ls0.1-cnn_digits--poor", "ls0.1-cnn_digits",
                                     "pseudo0.1-cnn_digits--asks_all", "pseudo0.1-cnn_digits--asks_some"])  # fmt: skip
def test_steps_are_equal_over_the_number_of_labels(trained_on, student):
    _, index = trained_on(f"{student}-s1")
    assert len(index) == TRAIN


def test_a_control_of_a_thief_with_other_data_has_an_epoch_of_all(trained_on):
    _, index = trained_on("pseudo0.1-cnn_digits--stranger-s1")
    assert len(index) == TRAIN + OTHER.train_images


@pytest.fixture(scope="session")
def refitted(tmp_path_factory):
    """The small project whose held-out images are trained on in the end."""
    data = DATA.plain() | {"augment": {"crop_padding": 1}, "refit": True}
    override = OVERRIDE | {"studies": ["undistillable"], "data": data}
    return SmallProject(tmp_path_factory.mktemp("refit") / "project", override)


def test_a_refitted_student_is_scored_by_a_training_without_the_images_of_the_choice(small, refitted):
    """The training before the choice is, byte for byte, that of a run which holds the same images out for good."""
    student = "ls0.3-cnn_digits-s1"
    made = refitted.made(student)
    assert len(refitted.index("train")) == TRAIN + VAL
    assert len(refitted.index("val")) == 0
    x, y = images("train")
    held = refitted.index("choice")
    assert held.tolist() == small.index("val").tolist()
    right = forward(small.weights(student), x[held]).argmax(1) == y[held]
    assert made.product.results["choice_accuracy"] == right.double().mean().item()
    assert made.product.results["choice_n"] == VAL
    assert not [path.name for path in made.entry.folder.iterdir() if path.name == "choice"]
    assert any((a - small.weights(student)[name]).abs().max() > 1e-4 for name, a in made.tensors.items())
    assert "choice_accuracy" not in small.made(student).product.results


@pytest.fixture
def killed(refitted, monkeypatch, tmp_path):
    """A refitted control whose second training is killed in its second epoch; its folder, and what a rerun trains."""
    member, began = refitted.member("ls0.3-cnn_digits-s1"), []
    real = training.fit

    def fit(model, images, index, *arguments, progress, **options):
        began.append(len(index))

        def report(epoch, record):
            if len(began) == 2 and epoch == 1:
                raise KeyboardInterrupt
            progress(epoch, record)

        return real(model, images, index, *arguments, progress=report, **options)

    monkeypatch.setattr(training, "fit", fit)
    with pytest.raises(KeyboardInterrupt):
        refitted.remade(member, tmp_path)
    assert began == [TRAIN, TRAIN + VAL]
    return lambda: (refitted.remade(member, tmp_path), began[2:])


def test_a_kill_in_the_second_training_does_not_cost_the_first(refitted, killed, tmp_path):
    """And the student, and what chose it, are those of a run that nothing happened to."""
    assert sorted(path.name for path in (tmp_path / "choice").iterdir()) == ["choice.json"]
    again, trained = killed()
    whole = refitted.made("ls0.3-cnn_digits-s1")
    assert trained == [TRAIN + VAL]
    assert again.entry.payload.read_bytes() == whole.entry.payload.read_bytes()
    assert again.product.results == whole.product.results
    assert not (tmp_path / "choice").exists()


@pytest.mark.parametrize("damage", [lambda text: text.replace("0.", "1."), lambda _text: "", lambda _text: "\u00e9"])
def test_what_is_damaged_is_trained_again(refitted, killed, tmp_path, damage):
    kept = tmp_path / "choice" / "choice.json"
    before = kept.read_text()
    kept.write_text(damage(before), encoding="latin-1")
    assert kept.read_bytes() != before.encode()
    again, trained = killed()
    assert trained == [TRAIN, TRAIN + VAL]
    assert again.product.results == refitted.made("ls0.3-cnn_digits-s1").product.results


def test_so_is_what_belongs_to_another_training(refitted, killed, monkeypatch):
    monkeypatch.setattr(type(refitted.workspace.lineage), "identity", lambda _self, member: f"another {member.id}")
    _again, trained = killed()
    assert trained == [TRAIN, TRAIN + VAL]
