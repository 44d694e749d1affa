import torch

from distillab.attacks.adam import Adam


def test_follows_torch_and_resets_one_example_without_the_others():
    gradients = torch.randn(30, 2, 1, 2, 2, generator=torch.Generator().manual_seed(0)) * 1e-4
    variable = torch.zeros(2, 1, 2, 2)
    adam = Adam.start(variable, 30)
    reference = [nn_parameter(), nn_parameter(), nn_parameter()]
    optimizers = [torch.optim.Adam([p], lr=0.01) for p in reference]
    for step, gradient in enumerate(gradients):
        if step == 12:
            adam.reset_(torch.tensor([False, True]))
            variable[1] = 0
        adam.step_(variable, gradient, 0.01)
        torch_step(reference[0], optimizers[0], gradient[0])
        torch_step(reference[1 if step < 12 else 2], optimizers[1 if step < 12 else 2], gradient[1])
    assert torch.allclose(variable[0], reference[0], rtol=1e-4, atol=1e-7)
    assert torch.allclose(variable[1], reference[2], rtol=1e-4, atol=1e-7)
    assert adam.steps.tolist() == [30, 18]


def test_take_keeps_the_state_of_the_examples_taken():
    adam = Adam.start(torch.zeros(3, 1, 1, 1), 5)
    adam.step_(torch.zeros(3, 1, 1, 1), torch.tensor([1.0, 2.0, 3.0])[:, None, None, None], 0.1)
    taken = adam.take(torch.tensor([2, 0]))
    assert torch.equal(taken.first, adam.first[[2, 0]])
    taken.reset_(torch.tensor([True, True]))
    assert adam.steps.tolist() == [1, 1, 1]


def nn_parameter():
    return torch.zeros(1, 2, 2, requires_grad=True)


def torch_step(parameter, optimizer, gradient):
    parameter.grad = gradient.clone()
    optimizer.step()
