"""Training and testing: what they compute, and how they leave the model."""

import io

import pytest
import torch
from torch import nn

from cnnbook.training import evaluate, fit, progress


@pytest.fixture
def task():
    """200 points in the plane, labeled by the side of a line that they lie on."""
    x = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    return x, (x[:, 0] > x[:, 1]).long()


def linear(seed=0):
    torch.manual_seed(seed)
    return nn.Linear(2, 2)


def test_fit_learns(task):
    model = linear()
    losses = fit(model, *task, epochs=20, lr=0.05, show=False)
    assert len(losses) == 20
    assert losses[-1] < 0.5 * losses[0]
    assert evaluate(model, *task) > 0.95


def test_fit_is_the_plain_loop(task):
    x, labels = task
    model, ours = linear(), linear()
    losses = fit(ours, x, labels, epochs=2, lr=0.01, batch_size=50, seed=3, show=False)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(3)
    for epoch in range(2):
        found = []
        for batch in torch.randperm(200, generator=generator).split(50):
            loss = nn.functional.cross_entropy(model(x[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            found.append(loss.item())
        assert losses[epoch] == pytest.approx(sum(found) / 4)
    assert torch.equal(model.weight, ours.weight)


def test_the_order_of_examples_follows_from_the_seed(task):
    weights = []
    for seed in (0, 0, 1):
        model = linear()
        fit(model, *task, epochs=1, batch_size=32, seed=seed, show=False)
        weights.append(model.weight.detach())
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_evaluate_counts_right_answers(task):
    x, labels = task
    model = linear()
    with torch.no_grad():
        share = (model(x).argmax(1) == labels).float().mean().item()
    for batch_size in (1, 7, 200, 1000):
        assert evaluate(model, x, labels, batch_size) == pytest.approx(share)


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was_found(task, training):
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.BatchNorm1d(2))
    model.train(training)
    model[1].train(not training)
    modes = [module.training for module in model.modules()]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    evaluate(model, *task)
    assert all(torch.equal(v, before[n]) for n, v in model.state_dict().items())
    assert [module.training for module in model.modules()] == modes
    fit(model, *task, epochs=1, show=False)
    assert [module.training for module in model.modules()] == modes


def test_evaluation_does_not_drop_out(task):
    model = nn.Sequential(linear(), nn.Dropout(0.9))
    assert evaluate(model, *task) == evaluate(model[0], *task)


def test_the_modes_are_restored_after_an_error(task):
    model = nn.Linear(3, 2)
    with pytest.raises(RuntimeError):
        evaluate(model, *task)
    assert model.training


@pytest.mark.parametrize("function", [fit, evaluate])
def test_labels_must_match(function, task):
    x, labels = task
    with pytest.raises(ValueError, match="200 examples and 199 labels"):
        function(linear(), x, labels[:-1])
    with pytest.raises(ValueError, match="0 examples and 0 labels"):
        function(linear(), x[:0], labels[:0])


def test_progress_is_shown_on_the_terminal_and_then_wiped(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    assert list(progress(range(3), "three steps")) == [0, 1, 2]
    assert "three steps" in screen.getvalue()
    assert screen.getvalue().endswith("\r")


def test_progress_can_be_silent(capsys):
    assert list(progress(range(3), "three steps", show=False)) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")
