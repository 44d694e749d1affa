"""What all trainings share: members of one seed are paired, and no two seeds see the same."""

from types import SimpleNamespace

import pytest
import torch
from small_project import BATCH, EPOCHS, TRAIN, images

from distillab.core.seeds import derive
from distillab.stages import training
from distillab.training.fit import fit

TEACHERS = ("ce-cnn_digits", "ls-cnn_digits", "nt-cnn_digits")
STUDENTS = ("ls0.1-cnn_digits", "ls0.3-cnn_digits", "nt-cnn_digits--kd-cnn_digits", "ce-cnn_digits--dkd-cnn_digits")
CHAIN = ("ta-T1-step0", "ta-T4-step0")


class Seen:
    """What a training was given: its first weights, and of every step the images, their views, the random state."""

    def __init__(self, model, options, objective):
        self.first = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        self.options = options
        self.index, self.views, self.states = [], [], []
        self._terms = objective.terms

    def terms(self, model, batch):
        self.index.append(batch.index)
        self.views.append(batch.x.clone())
        self.states.append(torch.initial_seed())
        return self._terms(model, batch)


@pytest.fixture(scope="module")
def seen(small, tmp_path_factory):
    """Train a member anew and watch; each once."""
    kept = {}

    def train(member_id):
        if member_id not in kept:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(training, "fit", lambda *given, **options: watched(member_id, given, options))
                small.remade(small.member(member_id), tmp_path_factory.mktemp("watched"))
        return kept[member_id]

    def watched(member_id, given, options):
        model, source, index, objective = given
        kept[member_id] = Seen(model, options, objective)
        objective.terms = kept[member_id].terms
        return fit(model, source, index, objective, **options)

    return train


def equal(first, second):
    return len(first) == len(second) and all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("models", [TEACHERS, STUDENTS, CHAIN], ids=["teachers", "students", "chains"])
def test_members_of_one_seed_are_paired(seen, models, seed):
    """Whatever the method: the same first weights, the same batches in the same order, the same views and dropout."""
    first, *others = [seen(f"{model}-s{seed}") for model in models]
    for other in others:
        assert equal(list(first.first.values()), list(other.first.values()))
        assert equal(first.index, other.index)
        assert equal(first.views, other.views)
        assert first.states == other.states


@pytest.mark.parametrize("model", ["ce-cnn_digits", "ls0.1-cnn_digits", "nt-cnn_digits--kd-cnn_digits", "ta-T1-step0"])
def test_two_seeds_share_nothing(seen, model):
    first, second = seen(f"{model}-s0"), seen(f"{model}-s1")
    assert not torch.equal(first.first["network.3.weight"], second.first["network.3.weight"])
    assert not torch.equal(first.index[0], second.index[0])
    assert not torch.equal(first.views[0], second.views[0])
    assert not set(first.states) & set(second.states)


@pytest.mark.parametrize("other", ["ls0.1-cnn_digits-s0", "ta-T1-step0-s0", "ta-T1-step1-s0"])
def test_a_student_is_no_copy_of_its_teacher(seen, other):
    """Teachers, students and the steps of a chain have streams of their own."""
    teacher, student = seen("ce-cnn_digits-s0"), seen(other)
    assert not torch.equal(teacher.index[0], student.index[0])
    assert not set(teacher.states) & set(student.states)


def test_first_weights_and_streams_are_named(seen):
    """Seed, role and network: another order of jobs changes none of them."""
    roles = {"ce-cnn_digits-s1": "teacher", "ls0.1-cnn_digits-s1": "student", "ta-T4-step2-s1": "step 2"}
    for member, role in roles.items():
        assert seen(member).options["seed"] == derive(1, role, "cnn_digits")


def test_an_epoch_is_every_training_image_once(small, seen):
    steps = -(-TRAIN // BATCH)
    trained = seen("ce-cnn_digits-s0")
    assert len(trained.index) == EPOCHS * steps
    for epoch in range(EPOCHS):
        index = torch.cat(trained.index[epoch * steps : (epoch + 1) * steps])
        assert index.sort().values.tolist() == small.index("train").tolist()


def test_who_learns_from_a_transfer_set_sees_no_other_image(seen, small):
    trained = seen("ce-cnn_digits--knockoff_random-cnn_digits-s0")
    shown = torch.cat(trained.index).view(EPOCHS, 20)
    assert all(epoch.unique().tolist() == shown[0].sort().values.tolist() for epoch in shown)
    assert set(shown[0].tolist()) < set(small.index("train").tolist())


def test_views_are_crops_of_the_images_of_the_batch(seen):
    """One pixel of zeros around the image, a window of its size: nine of them."""
    x, _ = images("train")
    trained = seen("ls-cnn_digits-s0")
    whole = 0
    for index, views in zip(trained.index, trained.views, strict=True):
        padded = torch.nn.functional.pad(x[index].float(), (1, 1, 1, 1))
        windows = torch.stack([padded[..., i : i + 8, j : j + 8] for i in range(3) for j in range(3)])
        found = (windows - views).abs().amax((2, 3, 4)) < 1e-6
        assert bool(found.any(0).all())
        whole += int(found[4].sum())
    assert 0 < whole < 0.5 * EPOCHS * TRAIN


def test_the_recipe_reaches_the_training(small, seen, tmp_path):
    options = seen("ce-cnn_digits-s0").options
    assert (options["spec"].epochs, options["spec"].batch_size, options["spec"].checkpoint_every) == (EPOCHS, BATCH, 2)
    member = small.member("ce-cnn_digits-s0")
    again = small.remade(member, tmp_path)
    assert again.entry.checkpoint.exists()  # the workspace removes it when it declares the member complete
    assert torch.equal(again.tensors["network.7.weight"], small.weights(member.id)["network.7.weight"])


def test_a_training_leaves_its_history_size_and_times(small):
    product = small.made("ce-cnn_digits-s1").product
    assert len(product.results["history"]) == EPOCHS
    totals = [record["total"] for record in product.results["history"]]
    assert totals == sorted(totals, reverse=True)
    assert product.results["parameters"] == 16 * 9 + 16 + 32 * 16 * 9 + 32 + 128 * 5 + 5
    assert product.device == "cpu"
    assert product.run.keys() == {"fixed_seconds", "step_seconds"}


def test_seconds_are_those_of_the_objective_and_of_a_step(small, monkeypatch, tmp_path):
    """A clock that goes on by one at every look: the objective takes one, each epoch one, of four steps each."""
    clock = iter(range(5, 100))
    monkeypatch.setattr(
        training, "time", SimpleNamespace(perf_counter=lambda: float(next(clock)), process_time=lambda: 0.0)
    )
    run = small.remade(small.member("ce-cnn_digits-s0"), tmp_path).product.run
    assert run == {"fixed_seconds": 1.0, "step_seconds": 1 / 4}


def test_a_step_takes_its_share_of_the_median_epoch():
    assert training.step_seconds([10.0, 14.0, 15.0, 16.5], 10) == {"step_seconds": pytest.approx(0.15)}
    assert training.step_seconds([10.0], 10) == {}


def test_the_log_tells_every_epoch(small, monkeypatch, tmp_path, caplog):
    clock = iter([10.0, 12.0, 15.0, 19.5])
    monkeypatch.setattr(training, "time", SimpleNamespace(perf_counter=lambda: 0.0, process_time=lambda: next(clock)))
    with caplog.at_level("INFO", logger="distillab"):
        made = small.remade(small.member("ls-cnn_digits-s0"), tmp_path)
    lines = [record.getMessage() for record in caplog.records if "epoch" in record.getMessage()]
    seconds = ["2.0", "3.0", "4.5"]
    assert len(lines) == EPOCHS
    for number, (line, spent, record) in enumerate(zip(lines, seconds, made.product.results["history"], strict=True)):
        loss = f"{record['cross_entropy']:.4g}"
        assert line.startswith(f"ls-cnn_digits-s0: epoch {number + 1} of {EPOCHS}, {spent} CPU seconds: ")
        assert f"cross_entropy {loss}, total {loss}, lr 0.01" in line


def test_a_method_knows_the_images_its_split_and_a_stream_of_its_own(small, seen):
    tasks = []

    def objective(task, _data, _device):
        tasks.append(task)
        raise StopIteration

    for model, role in (("ce-cnn_digits-s1", "teacher"), ("ls0.1-cnn_digits-s1", "student")):
        member = small.member(model)
        with pytest.raises(StopIteration):
            training.train_member(member, small.workspace, small.made(model).entry, role=role, objective=objective)
    teacher, student = tasks
    assert (teacher.epochs, teacher.classes, teacher.domain.shape) == (EPOCHS, 5, (1, 8, 8))
    assert torch.equal(teacher.train, small.index("train"))
    assert len(teacher.images) == 97
    assert teacher.seed == derive(derive(1, "teacher", "cnn_digits"), "method")
    assert student.seed == derive(derive(1, "student", "cnn_digits"), "method")
    fresh = teacher.network(derive(1, "teacher", "cnn_digits")).state_dict()
    assert equal(list(fresh.values()), list(seen("ce-cnn_digits-s1").first.values()))
    assert not torch.equal(teacher.network(3).state_dict()["network.3.weight"], fresh["network.3.weight"])
