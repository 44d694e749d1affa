import pytest
import torch

from distillab.data.augment import augmented, crop, flip, rotate
from distillab.specs.augment import AugmentSpec

EVERYTHING = AugmentSpec(crop_padding=2, flip=True, rotation=30)


def images(n=6, size=5):
    return torch.rand(n, 3, size, size + 1, generator=torch.Generator().manual_seed(1))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_centered_crop_is_the_image():
    x = images()
    assert torch.equal(crop(x, torch.full((6, 2), 2), padding=2), x)


def test_crop_moves_pixels_and_fills_with_zeros():
    x = torch.arange(1.0, 10).view(1, 1, 3, 3)
    moved = crop(x, torch.tensor([[0, 2]]), padding=1)  # window one up and one right: content one down, one left
    assert moved[0, 0].tolist() == [[0, 0, 0], [2, 3, 0], [5, 6, 0]]


def test_each_row_has_its_own_crop():
    x = images(2)
    shift = torch.tensor([[0, 1], [4, 3]])
    both = crop(x, shift, padding=2)
    assert torch.equal(both[1:], crop(x[1:], shift[1:], padding=2))
    assert torch.equal(both[:1], crop(x[:1], shift[:1], padding=2))


def test_flip_mirrors_chosen_rows_only_and_twice_is_nothing():
    x, mirrored = images(2), torch.tensor([True, False])
    once = flip(x, mirrored)
    assert torch.equal(once[0], x[0].flip(2))
    assert torch.equal(once[1], x[1])
    assert torch.equal(flip(once, mirrored), x)


def test_rotation_by_nothing_is_the_image():
    x = images()
    torch.testing.assert_close(rotate(x, torch.zeros(6)), x, atol=1e-5, rtol=0)


def test_rotation_by_right_angles_permutes_pixels():
    x = images()[..., :5]
    turned = rotate(x, torch.tensor([90.0, 180.0, -90.0, 90.0, 180.0, 0.0]))
    for row, quarters in enumerate((1, 2, -1, 1, 2, 0)):
        torch.testing.assert_close(turned[row], x[row].rot90(quarters, (1, 2)), atol=1e-5, rtol=0)


def test_a_rotated_white_image_stays_in_the_pixel_range():
    degrees = torch.linspace(-180, 180, 200)
    turned = rotate(torch.ones(200, 1, 9, 17), degrees)  # a size at which rounding alone would pass 1
    assert 0 <= turned.min() <= turned.max() <= 1


def test_half_turn_of_an_oblong_image():
    x = images()
    torch.testing.assert_close(rotate(x, torch.full((6,), 180.0)), x.rot90(2, (2, 3)), atol=1e-5, rtol=0)


def test_a_rotated_oblong_image_keeps_its_proportions():
    x = torch.zeros(1, 1, 9, 17)
    x[0, 0, 4, 4:13] = 1  # a bar 9 wide through the center becomes a bar 9 high
    turned = rotate(x, torch.tensor([90.0]))[0, 0]
    torch.testing.assert_close(turned[:, 8], torch.ones(9), atol=1e-5, rtol=0)
    assert turned.sum().item() == pytest.approx(9, abs=1e-4)


def test_augmentation_stays_in_the_pixel_range_and_follows_its_generator(global_generator_untouched):
    x = images(50)
    first, same, other = (augmented(x, EVERYTHING, seeded(seed)) for seed in (3, 3, 4))
    assert first.shape == x.shape
    assert 0 <= first.min() <= first.max() <= 1
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_no_augmentation_draws_nothing():
    stream = seeded()
    before = stream.get_state()
    x = images()
    assert torch.equal(augmented(x, AugmentSpec(), stream), x)
    assert torch.equal(stream.get_state(), before)


def test_every_crop_offset_and_both_mirrors_occur():
    x = torch.zeros(2000, 1, 3, 3)
    x[:, :, 1, 1] = 1
    seen = augmented(x, AugmentSpec(crop_padding=1), seeded()).sum(0)[0]
    assert (seen > 2000 / 9 * 0.7).all()  # the marked pixel lands on each of the nine places about equally often
    left = torch.zeros(2000, 1, 1, 2)
    left[..., 0] = 1
    assert 900 < augmented(left, AugmentSpec(flip=True), seeded())[..., 0].sum() < 1100


def test_rotations_go_both_ways_up_to_their_largest():
    """A pixel to the right of the center rises where an image turns against the clock, and sinks where it turns on."""
    x = torch.zeros(2000, 1, 3, 3)
    x[:, :, 1, 2] = 1
    turned = augmented(x, AugmentSpec(rotation=40), seeded())[:, 0]
    lift = turned[:, 0].sum(1) - turned[:, 2].sum(1)
    assert 900 < (lift > 0).sum() < 1100
    largest = rotate(x[:2], torch.tensor([40.0, -40.0]))[:, 0]
    bounds = (largest[:, 0].sum(1) - largest[:, 2].sum(1)).tolist()
    assert lift.max().item() == pytest.approx(max(bounds), abs=0.02)
    assert lift.min().item() == pytest.approx(min(bounds), abs=0.02)


def test_crop_and_flip_keep_stored_pixels():
    x = (images() * 255).to(torch.uint8)
    assert augmented(x, AugmentSpec(crop_padding=2, flip=True), seeded()).dtype == torch.uint8
