"""SNT: the correlation of wrong logits with class similarity, and where the similarity comes from."""

import hashlib

import numpy as np
import pytest
import torch
from torch import nn

from distillab.core.errors import SpecError
from distillab.data.dataset import Batch, ResidentImages
from distillab.defenses.class_similarity import cosines, image_similarity, word_similarity
from distillab.defenses.nt import NastyTeacher
from distillab.defenses.snt import SemanticNastyTeacher, similarity_correlation
from distillab.specs.model import Domain
from distillab.training.objective import Task

STREAM = torch.Generator().manual_seed(0)
Z = torch.randn(12, 6, generator=STREAM)
Y = torch.arange(12) % 6
S = cosines(torch.randn(6, 9, generator=STREAM))


def images(classes=3, n=12):
    x = torch.randint(0, 256, (n, 1, 4, 4), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    return ResidentImages(x, torch.arange(n) % classes, levels=255)


def task_of(source, classes=3, train=None):
    index = torch.arange(len(source)) if train is None else torch.as_tensor(train)
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, classes))
    return Task(source, index, Domain((1, 4, 4), classes, (0.5,), (0.3,)), 3, 5, None, {"ce": network})


def terms(spec, source, model):
    objective = spec.objective(task_of(source))
    index = torch.arange(len(source))
    return objective.terms(model, Batch(source.images(index), source.y, index))


def test_it_is_pearsons_correlation_over_the_wrong_classes():
    for temperature in (1.0, 4.0):
        log_r = (Z / temperature).log_softmax(1)
        got = similarity_correlation(Z, Y, S)
        for row, y in enumerate(Y.tolist()):
            others = [j for j in range(6) if j != y]
            expected = np.corrcoef(log_r[row, others].numpy(), S[y, others].numpy())[0, 1]
            assert got[row].item() == pytest.approx(expected, abs=1e-5)


def test_neither_the_right_class_nor_scale_nor_shift_matter():
    got = similarity_correlation(Z, Y, S)
    torch.testing.assert_close(similarity_correlation(3.5 * Z + 7, Y, S), got)
    torch.testing.assert_close(similarity_correlation(Z.scatter(1, Y[:, None], 100.0), Y, S), got)
    torch.testing.assert_close(similarity_correlation(-Z, Y, S), -got)
    assert got.abs().max() <= 1 + 1e-6


def test_extremes_are_reached():
    torch.testing.assert_close(similarity_correlation(S[Y], Y, S), torch.ones(12))
    torch.testing.assert_close(similarity_correlation(-S[Y], Y, S), -torch.ones(12))


@pytest.mark.parametrize(("logits", "similarity"), [(Z, torch.full((6, 6), 0.3)), (torch.full((12, 6), 0.7), S)])
def test_without_variance_there_is_no_correlation_and_no_gradient(logits, similarity):
    z = logits.clone().requires_grad_()
    got = similarity_correlation(z, Y, similarity)
    got.sum().backward()
    assert got.eq(0).all()
    assert z.grad.eq(0).all()


def test_two_classes_leave_nothing_to_correlate():
    assert similarity_correlation(Z[:, :2], Y % 2, S[:2, :2]).eq(0).all()


def test_without_its_weight_it_is_the_nasty_teacher():
    source = images()
    task = task_of(source)
    index = torch.arange(len(source))
    batch, model = Batch(source.images(index), source.y, index), task.needed["ce"]
    nasty = NastyTeacher(omega=0.3).objective(task).terms(model, batch)
    got = SemanticNastyTeacher(omega=0.3, similarity_weight=0).objective(task).terms(model, batch)
    assert got.pop("similarity").eq(0).all()
    assert got.keys() == nasty.keys()
    assert all(torch.equal(got[name], nasty[name]) for name in nasty)


def test_the_weight_multiplies_the_correlation():
    source, model = images(), nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    one, two = (terms(SemanticNastyTeacher(similarity_weight=w), source, model)["similarity"] for w in (0.2, 0.4))
    assert one.abs().sum() > 0
    torch.testing.assert_close(2 * one, two)


def test_descending_lowers_the_correlation():
    z = Z.clone().requires_grad_()
    similarity_correlation(z, Y, S).sum().backward()
    assert (similarity_correlation(Z - 0.1 * z.grad, Y, S) < similarity_correlation(Z, Y, S)).all()


def test_classes_are_alike_whose_mean_training_images_are():
    source = images(n=30)
    train = range(0, 30, 2)
    got = image_similarity(task_of(source, train=train))
    x = (source.x.double() / 255).flatten(1)
    means = torch.stack([x[[i for i in train if i % 3 == c]].mean(0) for c in range(3)])
    means = means - means.mean(0)
    for a in range(3):
        for b in range(3):
            expected = means[a] @ means[b] / (means[a].norm() * means[b].norm())
            assert got[a, b].item() == pytest.approx(expected.item(), abs=1e-6)


def test_a_class_without_images_is_like_none_and_nothing_breaks():
    got = image_similarity(task_of(images(), classes=4))
    assert got.isfinite().all()


def written(tmp_path, text):
    path = tmp_path / "vectors.txt"
    path.write_text(text)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


VECTORS = "3 2\napple 1 0\naquarium_fish 3 4\nbaby 0 -2\n"


def test_words_are_alike_whose_vectors_are(tmp_path):
    path, digest = written(tmp_path, VECTORS)
    expected = torch.tensor([[1.0, 0.6, 0.0], [0.6, 1.0, -0.8], [0.0, -0.8, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(word_similarity(path, sha256=digest, classes=3), expected)
    spec = SemanticNastyTeacher(vectors=path, vectors_sha256=digest)
    torch.testing.assert_close(spec.objective(task_of(images())).similarity, expected.float())


@pytest.mark.parametrize(
    ("text", "classes", "says"),
    [
        (VECTORS, 4, "one vector per class"),
        ("4 2\n" + VECTORS[4:], 4, "word2vec"),
        ("3 2\na 1 0\nb 1\nc 0 1\n", 3, "word2vec"),
        ("3 2\na 1 0\nb 1 x\nc 0 1\n", 3, "word2vec"),
        ("3 2\na 1 0\nb 1 nan\nc 0 1\n", 3, "word2vec"),
        ("", 3, "word2vec"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(tmp_path, text, classes, says):
    path, digest = written(tmp_path, text)
    with pytest.raises(SpecError, match=says):
        word_similarity(path, sha256=digest, classes=classes)


def test_another_file_than_the_declared_one_is_refused(tmp_path):
    path, digest = written(tmp_path, VECTORS)
    path.write_text(VECTORS.replace("-2", "-3"))
    with pytest.raises(SpecError, match=digest):
        word_similarity(path, sha256=digest, classes=3)
    with pytest.raises(SpecError, match="no such"):
        word_similarity(tmp_path / "absent.txt", sha256=digest, classes=3)


def test_vectors_are_identified_by_their_content(tmp_path):
    path, digest = written(tmp_path, VECTORS)
    here, there = (SemanticNastyTeacher(vectors=p, vectors_sha256=digest) for p in (path, "elsewhere.txt"))
    assert here.identity() == there.identity() != SemanticNastyTeacher().identity()
    assert SemanticNastyTeacher.model_validate(here.plain()) == here


def test_a_file_needs_its_hash_and_is_told_it(tmp_path):
    path, digest = written(tmp_path, VECTORS)
    with pytest.raises(ValueError, match=digest):
        SemanticNastyTeacher(vectors=path)
    with pytest.raises(ValueError, match="vectors_sha256"):
        SemanticNastyTeacher(vectors=tmp_path / "absent.txt")
    with pytest.raises(ValueError, match="needs vectors"):
        SemanticNastyTeacher(vectors_sha256=digest)
