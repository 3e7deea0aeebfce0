"""The experiments: their parts, and the results that are stored."""

import json

import pytest
import torch

from cnnbook import experiments
from cnnbook.experiments import EXPERIMENTS, shift, shuffle, shuffle_each, stored


def pictures(n=4, c=2, h=5, w=6):
    return torch.arange(float(n * c * h * w)).view(n, c, h, w)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_results_are_stored_for_all_seeds(name):
    result = stored(name)
    _, seeds = EXPERIMENTS[name]
    assert result["seeds"] == list(seeds)
    assert len(result["runs"]) == len(seeds) >= 3
    assert set(result["versions"]) == {"python", "torch"}
    assert len({json.dumps(run) for run in result["runs"]}) == len(seeds)


def test_an_unknown_experiment_is_named():
    with pytest.raises(ValueError, match="no experiment 'paddings'; there are: "):
        stored("paddings")
    with pytest.raises(SystemExit, match="No experiment 'paddings'; there are: "):
        experiments.main(["paddings"])


def test_main_stores_what_the_function_returns(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "FOLDER", tmp_path / "new")
    one = {"squares": (lambda seed, show: {"square": seed**2}, range(3))}
    monkeypatch.setattr(experiments, "EXPERIMENTS", one)
    experiments.main([])
    result = stored("squares")
    assert result["seeds"] == [0, 1, 2]
    assert [run["square"] for run in result["runs"]] == [0, 1, 4]


def test_shuffle_uses_one_order_for_all():
    x = pictures()
    y = shuffle(x, seed=1)
    order = y[0, 0].flatten().long()
    assert sorted(order.tolist()) == list(range(30))
    assert order.tolist() != list(range(30))
    assert torch.equal(y.flatten(2), x.flatten(2)[:, :, order])
    assert torch.equal(shuffle(x, seed=1), y)
    assert not torch.equal(shuffle(x, seed=2), y)


def test_shuffle_each_uses_one_order_for_each():
    x = pictures()
    y = shuffle_each(x, seed=1)
    assert torch.equal(y.flatten(2).sort(2).values, x.flatten(2).sort(2).values)
    orders = y.flatten(2) - x.flatten(2)[:, :, :1]  # of each picture and channel
    assert torch.equal(orders[:, 0], orders[:, 1])  # channels stay together
    assert len({tuple(order.tolist()) for order in orders[:, 0]}) == 4


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, 0), (-1, 3), (0, -6), (5, 1)])
def test_shift_moves_and_lets_zeros_in(down, right):
    x = pictures() + 1
    y = shift(x, down, right)
    for r in range(5):
        for c in range(6):
            inside = 0 <= r - down < 5 and 0 <= c - right < 6
            wanted = x[..., r - down, c - right] if inside else torch.zeros(4, 2)
            assert torch.equal(y[..., r, c], wanted)
    assert y.shape == x.shape


def test_padding_changes_the_weights_only_where_it_says():
    def count(picture, kind):
        model = experiments._four_convolutions(0, picture, kind)
        return sum(p.numel() for p in model.parameters())

    for picture in (28, 20):
        assert count(picture, "none") == count(picture, "padding, reduced")
        assert count(picture, "none") < count(picture, "padding")


def test_only_the_fixed_order_is_shared_by_training_and_test():
    same = pictures(), torch.arange(4)
    sets = experiments._ordered(same, same, seed=0)
    (train, _), (test, _) = sets["fixed order"]
    assert torch.equal(train, test)
    (train, _), (test, _) = sets["another order each"]
    assert not any(torch.equal(a, b) for a, b in zip(train, test, strict=True))
    assert all(torch.equal(x, same[0]) for x, _ in sets["as it is"])
