"""The memory of past outputs: what it keeps, what it estimates, and that it forgets nothing when stored."""

import pytest
import torch

from distillab.defenses.centroid_bank import ENOUGH, CentroidBank
from distillab.losses.conditional_mutual_information import LOWEST
from distillab.losses.power import power_transform

POWERS = torch.tensor([0.0, 0.3, 1.0, 2.0])


def outputs(n, classes=3, seed=0):
    return torch.randn(n, classes, generator=torch.Generator().manual_seed(seed)).log_softmax(1)


def bank_of(log_probs, y, *, size=5, classes=3, powers=POWERS):
    bank = CentroidBank(classes, size)
    bank.begin_epoch(0, torch.nn.Identity(), powers)
    bank.end_step(log_probs, torch.as_tensor(y))
    return bank


def means(log_probs, powers=POWERS):
    return torch.stack([power_transform(log_probs, float(power)).mean(0) for power in powers])


def test_it_estimates_the_mean_of_what_it_keeps_of_each_class():
    log_probs, y = outputs(9), torch.tensor([0, 1, 0, 1, 1, 0, 0, 0, 2])
    got = bank_of(log_probs, y).log_centroids(torch.tensor([1, 0]))
    torch.testing.assert_close(got.exp(), torch.stack([means(log_probs[y == 1]), means(log_probs[y == 0])]))


def test_it_follows_the_powers_of_the_next_epoch():
    log_probs, powers = outputs(5), torch.tensor([0.7, 1.9])
    bank = bank_of(log_probs, [0] * 5)
    bank.begin_epoch(1, torch.nn.Identity(), powers)
    torch.testing.assert_close(bank.log_centroids(torch.tensor([0]))[0].exp(), means(log_probs, powers))


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 12])
def test_the_latest_outputs_stay_however_they_come(batch):
    """One by one, some at a time, or more at once than there are slots."""
    log_probs, bank = outputs(12), bank_of(outputs(0), torch.empty(0).long())
    for part in log_probs.split(batch):
        bank.end_step(part, torch.ones(len(part)).long())
    kept = bank.log_probs[1]
    assert {tuple(row) for row in kept.tolist()} == {tuple(row) for row in log_probs[-5:].tolist()}
    assert not bank.log_probs[[0, 2]].any()
    bank.end_step(outputs(1, seed=3), torch.tensor([1]))
    assert {tuple(row) for row in bank.log_probs[1].tolist()} == {
        tuple(row) for row in [*log_probs[-4:].tolist(), *outputs(1, seed=3).tolist()]
    }


@pytest.mark.parametrize(("size", "enough"), [(20, ENOUGH), (4, 4), (2, 2), (1, 1)])
def test_a_class_is_left_alone_until_enough_is_known_of_it(size, enough):
    bank, classes, counts = bank_of(outputs(0), torch.empty(0).long(), size=size), torch.tensor([0, 1]), []
    for step in range(size + 2):
        counts.append(bank.counts(classes).tolist())
        bank.end_step(outputs(1, seed=step), torch.tensor([1]))
    assert [count for count, _ in counts] == [0] * (size + 2)
    assert [count for _, count in counts] == [0] * enough + [min(n, size) for n in range(enough, size + 2)]


def test_a_class_without_outputs_has_a_finite_centroid():
    assert (bank_of(outputs(2), [0, 0]).log_centroids(torch.tensor([2])) == LOWEST).all()


def test_outputs_that_vanish_leave_the_centroid_finite():
    bank = bank_of(torch.tensor([[0.0, -3e4, -50.0]] * 4), [0] * 4)
    torch.testing.assert_close(bank.log_centroids(torch.tensor([0]))[0, 2], torch.tensor([0.0, LOWEST, -50.0]))


def test_what_comes_out_is_no_view_of_what_goes_on_changing():
    log_probs = outputs(5)
    bank = bank_of(log_probs, [0] * 5)
    got = bank.log_centroids(torch.tensor([0]))
    before = got.clone()
    bank.end_step(outputs(5, seed=1), torch.zeros(5).long())
    log_probs.zero_()
    assert torch.equal(got, before)


def test_a_restored_bank_goes_on_alike():
    first = bank_of(outputs(8), [0, 1, 0, 1, 1, 0, 0, 1])
    second = bank_of(outputs(0), torch.empty(0).long())
    second.load_state({name: value.clone() for name, value in first.state().items()})
    for bank in (first, second):
        bank.end_step(outputs(4, seed=2), torch.tensor([0, 0, 1, 2]))
    assert torch.equal(first.log_probs, second.log_probs)
    assert torch.equal(first.pushed, second.pushed)


def test_outputs_that_share_a_slot_write_the_same_whatever_the_order_of_writing():
    bank = CentroidBank(3, 2)
    y = torch.tensor([0, 1, 0, 0, 0, 1, 0])
    outputs = torch.randn(7, 3, generator=torch.Generator().manual_seed(0)).log_softmax(dim=1)
    slots, kept = bank.written(outputs, y)
    assert slots.tolist() == [0, 0, 1, 0, 1, 1, 0]
    assert torch.equal(kept, outputs[[6, 1, 4, 6, 4, 5, 6]])
