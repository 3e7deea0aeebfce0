"""The experiments: their parts, and the results that are stored."""

import json
import math

import pytest
import torch

from cnnbook import arithmetic, data, experiments, layers
from cnnbook.experiments import EXPERIMENTS, shift, shuffle, shuffle_each, stored
from cnnbook.training import evaluate, load_weights


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


def test_the_networks_of_pooling_differ_only_in_how_they_reduce():
    models = {kind: experiments._reducing(3, kind) for kind in experiments.REDUCTIONS}
    counts = {k: sum(p.numel() for p in m.parameters()) for k, m in models.items()}
    assert counts.pop("none") == 8 * 10 + 16 * 73 + 10 * (16 * 28 * 28 + 1)
    assert counts.pop("wide stride") == 16 * 10 + 33 * 145 + 10 * (33 * 7 * 7 + 1)
    assert set(counts.values()) == {8 * 10 + 16 * 73 + 10 * (16 * 7 * 7 + 1)}
    x = torch.rand(2, 1, 28, 28)
    whole = models["none"][:-1](x).view(2, 16, 28, 28)
    blocks = whole.view(2, 16, 7, 4, 7, 4).transpose(3, 4).flatten(4)
    expected = {
        "max at the end": blocks.amax(4),
        "average at the end": blocks.mean(4),
        "thinned at the end": blocks[..., 0],
    }
    for kind, maps in expected.items():  # the same filters, from the same seed
        torch.testing.assert_close(models[kind][:-1](x), maps.flatten(1))


def test_the_multiply_adds_of_pooling_are_those_of_the_layers():
    x = torch.zeros(1, 1, 28, 28)
    layers = {
        **{"max": (1, 8, 16), "average": (1, 8, 16)},
        **{"stride": (2, 8, 16), "wide stride": (2, 16, 33)},
    }
    for kind, (stride, one, two) in layers.items():
        conv = {"kernel": 3, "stride": stride, "padding": 1}
        first = arithmetic.conv_multiply_adds(28, 1, one, **conv)
        second = arithmetic.conv_multiply_adds(14, one, two, **conv)
        dense = arithmetic.dense_multiply_adds(two * 7 * 7, 10)
        found = experiments._multiply_adds(experiments._reducing(0, kind), x)
        assert found == first + second + dense


def test_pooling_chooses_a_rate_on_other_digits_and_times_that_run(monkeypatch):
    digits = torch.rand(1600, 1, 28, 28), torch.arange(1600) % 10
    rates, now = [], [0.0]

    def fit(model, x, labels, epochs, lr=None, **options):
        rates.append(lr)
        now[0] += 100 * lr if lr else 7

    def percent(model, x, labels):
        # The 1,000 digits that choose are best at 0.01, the others at 0.03.
        return -abs(rates[-1] - (0.01 if len(x) == 1000 else 0.03)) + len(x)

    monkeypatch.setattr(experiments, "_digits", lambda train: digits)
    monkeypatch.setattr(experiments, "_percent", percent)
    monkeypatch.setattr(experiments, "fit", fit)
    monkeypatch.setattr(experiments.time, "process_time", lambda: now[0])
    results = experiments.pooling(0, show=False)
    assert [one["kind"] for one in results] == list(experiments.REDUCTIONS)
    assert rates[1:] == list(experiments.POOLING_RATES) * len(results)
    for one in results:
        assert (one["rate"], one["time"]) == (0.01, 1)
        assert one["test"] == one["tests"]["0.01"] == 1600 - 0.02
        assert one["train"] == 500 - 0.02
        assert list(one["choosing"]) == ["0.001", "0.003", "0.01", "0.03"]
        assert one["choosing"]["0.01"] == 1000


def test_only_the_fixed_order_is_shared_by_training_and_test():
    same = pictures(), torch.arange(4)
    sets = experiments._ordered(same, same, seed=0)
    (train, _), (test, _) = sets["fixed order"]
    assert torch.equal(train, test)
    (train, _), (test, _) = sets["another order each"]
    assert not any(torch.equal(a, b) for a, b in zip(train, test, strict=True))
    assert all(torch.equal(x, same[0]) for x, _ in sets["as it is"])


def test_the_learning_rate_is_chosen_and_tested_on_other_digits():
    train, choose, test = experiments._three_sets()
    assert [len(x) for x, _ in (train, choose, test)] == [9000, 1000, 2000]
    both = torch.cat([train[0], choose[0]])
    assert torch.equal(both, experiments._digits(train=True)[0])
    assert torch.equal(test[0], experiments._digits(train=False)[0])


def test_depth_gradients_takes_the_rate_that_validates_best(monkeypatch):
    def learn(*setting_and_more):
        *_, optimizer, rate, seed, _ = setting_and_more
        assert seed == 7
        best = {"SGD": 0.1, "Adam": 0.003}[optimizer]
        # What is best on the test digits must not be chosen for that.
        return {"validation": 90 - abs(rate - best), "test": rate, "loss": [rate]}

    monkeypatch.setattr(experiments, "_learn_deep", learn)
    results = experiments.depth_gradients(7, show=False)
    assert len(results) == 26
    for one in results:
        best = {"SGD": 0.1, "Adam": 0.003}[one["optimizer"]]
        assert (one["rate"], one["test"], one["loss"]) == (best, best, [best])
        rates = experiments.DEPTH_RATES[one["optimizer"]]
        assert list(one["validation"]) == [str(rate) for rate in rates]


def test_the_networks_of_depth_gradients_are_what_they_are_called():
    settings = experiments._deep_settings()
    assert len(set(settings)) == len(settings) == 13
    kinds = {"sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh, "ReLU": torch.nn.ReLU}
    for depth, activation, start in settings:
        model = experiments._deep(0, depth, activation, start)
        layers = [type(layer) for layer in model]
        assert layers.count(torch.nn.Linear) == depth
        assert layers.count(kinds[activation]) == depth - 1
        normalized = layers.count(torch.nn.BatchNorm1d)
        assert normalized == (depth - 1 if start == "batch norm" else 0)
    x = torch.rand(3, 1, 28, 28)
    same = [
        experiments._deep(1, 20, *kind)(x)
        for kind in (("tanh", "Xavier"), ("sigmoid", "like tanh"))
    ]
    torch.testing.assert_close(*same, atol=1e-4, rtol=0)


def few_sets():
    generator = torch.Generator().manual_seed(0)
    x, labels = torch.rand(192, 1, 28, 28, generator=generator), torch.arange(192) % 10
    return (x, labels), (x[:10], labels[:10]), (x[10:40], labels[10:40])


def test_looking_at_gradients_does_not_change_the_training():
    train, _, _ = few_sets()
    plain = experiments._deep(0, 20, "ReLU", "batch norm")
    steps = torch.optim.SGD(plain.parameters(), lr=0.1)
    for order in (3, 1003):
        experiments.fit(plain, *train, 1, seed=order, show=False, optimizer=steps)
    model = experiments._deep(0, 20, "ReLU", "batch norm")
    told = list(experiments._epochs(model, "SGD", 0.1, 3, train, epochs=2))
    assert [len(norms) for norms, _ in told] == [20, 20]
    for ours, expected in zip(
        model.state_dict().values(), plain.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, expected)


def test_what_learning_tells_belongs_to_the_network():
    setting = (20, "tanh", "Xavier", "Adam", 1e-3, 2, few_sets())
    told = experiments._learn_deep(*setting)
    assert [len(told[name]) for name in ("loss", "ratio", "gradients")] == [4, 4, 20]
    first, last = told["gradients"][1], told["gradients"][-2]
    assert told["ratio"][-1] == pytest.approx(first / last, rel=0.1)  # both are short
    assert told == experiments._learn_deep(*setting)
    units = experiments._learn_strided("ReLU", "SGD", 0.1, 2, few_sets())
    assert set(units) == {"validation", "test", "zeros", "dead"}
    units = experiments._learn_strided("tanh", "SGD", 0.1, 2, few_sets())
    assert set(units) == {"validation", "test"}


def test_numbers_are_short_and_finite_or_none():
    assert experiments._short(0.0123456) == 0.012
    assert experiments._short(float("nan")) is None
    assert experiments._ratio(1.0, 0.0) is None
    assert experiments._ratio(0.0, 1.0) is None
    assert experiments._ratio(3.0, 2.0) == 1.5


@pytest.mark.parametrize("name", ["depth_gradients", "dead_units"])
def test_stored_results_of_chapter_8_are_plain_json(name):
    text = (experiments.FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text


# Chapter 9


def test_jitter_moves_by_a_pixel_at_most():
    x, generator = pictures() + 1, torch.Generator().manual_seed(0)
    moved = {
        (down, right): shift(x, down, right)
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
    }
    found = set()
    for _ in range(100):
        y = experiments.jitter(x, generator)
        found |= {move for move, z in moved.items() if torch.equal(y, z)}
    assert found == set(moved)


@pytest.mark.parametrize(
    ("learn", "shape", "classes"),
    [
        (experiments.learn_digits, (1, 28, 28), 10),
        (experiments.learn_vehicles, (3, 32, 32), 6),
    ],
)
def test_learning_follows_from_the_seed(learn, shape, classes):
    x = torch.rand(40, *shape, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(40) % classes
    runs = [learn(x, labels, seed, show=False) for seed in (0, 0, 1)]
    outputs = [model.eval()(x) for model, _ in runs]
    assert outputs[0].shape == (40, classes)
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])
    assert runs[0][1][-1] < runs[0][1][0]  # the loss falls


def test_results_on_digits_are_those_of_the_digits_asked_for(monkeypatch):
    def digits(train, full):
        return torch.full((2, 1), 10.0 * full + train), torch.zeros(2)

    def learn(x, labels, seed, show):
        return x[0].item(), [0.12345, seed]

    monkeypatch.setattr(experiments, "_digits", digits)
    monkeypatch.setattr(experiments, "learn_digits", learn)
    monkeypatch.setattr(experiments, "_percent", lambda model, x, _: (model, x[0, 0]))
    few, many = experiments.digits_bundled(5), experiments.digits_full(6)
    assert (few["test"], few["losses"]) == ((1, 0), [0.123, 5])
    assert (many["test"], many["losses"]) == ((11, 10), [0.123, 6])


def test_vehicles_are_tested_on_others_and_with_hidden_parts(monkeypatch):
    asked = []

    def draw(count, seed, hide=()):
        asked.append((count, seed, hide))
        return torch.zeros(count, 3, 1, 1), torch.arange(count) % 6

    def learn(x, labels, seed, show):
        assert (len(x), seed) == (4000, 3)
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3, 6)), [1.0]

    monkeypatch.setattr(data, "vehicles", draw)
    monkeypatch.setattr(experiments, "learn_vehicles", learn)
    found = experiments.vehicles(3)
    assert asked[0] == (4000, 3, ())
    assert asked[1:] == [
        (1000, 1003, hide) for hide in ((), "background", "body", "wheels")
    ]
    assert list(found["hidden"]) == ["nothing", "background", "body", "wheels"]
    for kinds in found["hidden"].values():  # such a network gives one answer to all
        assert list(kinds) == list(data.VEHICLES)
        assert sorted(kinds.values()) == [0] * 5 + [100]
    assert found["test"] == pytest.approx(100 / 6, abs=0.1)


def test_hand_made_filters_find_no_edges_where_none_are():
    x = torch.full((2, 3, 32, 32), 0.7)
    assert experiments.edge_histograms(x).shape == (2, 9, 8, 8)
    assert experiments.edge_histograms(x).abs().max() < 1e-3
    assert experiments.edge_histograms(torch.zeros(1, 1, 28, 28)).shape == (1, 9, 7, 7)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_hand_made_filters_tell_the_direction_of_edges(quarters):
    x = torch.zeros(1, 1, 16, 16)
    x[..., 6:] = 1  # from left to right it becomes brighter
    found = experiments.edge_histograms(x.rot90(quarters, (2, 3)))[0]
    votes = found.square().sum((1, 2))
    assert votes[:8].argmax() == (0 if quarters % 2 == 0 else 4)
    assert votes[:8].max() > 0.999 * votes[:8].sum()
    cells = found[:8].sum(0).rot90(-quarters, (0, 1))
    assert (cells[:, 1] > 0).all()
    assert cells[:, [0, 2, 3]].abs().max() < 1e-3


def test_hand_made_filters_share_a_slope_between_two_directions():
    # The slope of a plane that rises by 2 to the right for each 1 down.
    rows, columns = torch.meshgrid(
        torch.arange(16.0), torch.arange(16.0), indexing="ij"
    )
    x = (0.01 * rows + 0.02 * columns)[None, None]
    votes = experiments.edge_histograms(x)[0, :8, 1, 1].square()
    place = math.atan2(1, 2) / math.pi * 8  # between 1 and 2
    expected = torch.zeros(8)
    expected[1], expected[2] = 2 - place, place - 1
    torch.testing.assert_close(votes / votes.sum(), expected, atol=1e-3, rtol=0)
    assert votes.sum().item() == pytest.approx(math.hypot(0.01, 0.02), rel=1e-3)


def test_hand_made_filters_find_corners():
    x = torch.zeros(1, 1, 32, 32)
    x[..., 10:, 14:] = 1
    corners = experiments.edge_histograms(x)[0, 8]
    assert divmod(corners.argmax().item(), 8) == (2, 3)
    assert corners[2, 3] > 0.01
    assert corners[5:, :].max() < 1e-3  # along an edge there are none


def test_hand_made_filters_look_at_the_steepest_channel():
    weak, strong = torch.zeros(2, 1, 1, 16, 16)
    weak[..., 6:] = 0.1  # an edge downward, in the second column of cells
    strong[..., 10:, :] = 0.5  # one across, in the third row of cells
    made = experiments.edge_histograms(torch.cat([weak, strong, 0 * weak], 1))[0]
    alone = [experiments.edge_histograms(x)[0] for x in (weak, strong)]
    torch.testing.assert_close(made[4], alone[1][4], atol=1e-3, rtol=0)
    others = [0, 1, 3]  # rows of cells where the strong one is not
    expected = alone[0][0, others]
    assert expected.max() > 0.1
    torch.testing.assert_close(made[0, others], expected, atol=1e-3, rtol=0)
    # Where both pass, the strong one hides the weak one in two of four rows.
    share = (made[0, 2, 1] / made[0, 1, 1]).square().item()
    assert share == pytest.approx(0.5, rel=0.01)


def test_features_are_standardized_by_the_examples_to_learn_from():
    torch.manual_seed(0)
    x = [5 + 3 * torch.randn(400, 2, 8, 8), 9 + torch.randn(4, 2, 8, 8)]
    labels = [torch.zeros(400), torch.zeros(4)]
    sets = list(zip(x, labels, strict=True))
    (train, same), (other, _) = experiments._standardized(sets, hand_made=False)
    assert same is labels[0]
    torch.testing.assert_close(train.mean(0), torch.zeros(2, 8, 8), atol=1e-5, rtol=0)
    torch.testing.assert_close(train.std(0), torch.ones(2, 8, 8), atol=0.01, rtol=0)
    expected = (x[1] - x[0].mean(0)) / (x[0].std(0) + 0.01)
    torch.testing.assert_close(other, expected)
    (made, _), _ = experiments._standardized(sets, hand_made=True)
    assert made.shape == (400, 9, 2, 2)


@pytest.mark.parametrize(
    ("name", "shape"), {"vehicles": (3, 32, 32), "digits": (1, 28, 28)}.items()
)
def test_ways_to_features_are_what_they_are_called(name, shape):
    x = torch.rand(2, *shape)
    classes, weights = {"vehicles": 6, "digits": 10}[name], {}
    for made, classifier, build in experiments._ways(name):
        model = build()
        seen = experiments.edge_histograms(x) if made == "hand-made" else x
        assert model(seen).shape == (2, classes)
        weights[classifier, made] = sum(p.numel() for p in model.parameters())
        convolutions = any(isinstance(m, torch.nn.Conv2d) for m in model.modules())
        assert convolutions == (made == "learned")
        dense = sum(isinstance(m, torch.nn.Linear) for m in model.modules())
        assert convolutions or dense == (1 if classifier == "linear" else 2)
    learned = weights["convolutional", "learned"]
    assert weights["small dense", "none"] == pytest.approx(learned, rel=0.02)


def test_features_takes_the_rate_that_validates_best(monkeypatch):
    def learn(build, rate, seed, *sets):
        assert seed == 7
        assert [len(x) for x, _ in sets] in ([3000, 500, 1000], [3000, 500, 2000])
        # What is best on the test pictures must not be chosen for that.
        return {"validation": 90 - abs(rate - 1e-3), "test": rate, "weights": 1}

    def draw(count, seed):
        return torch.zeros(count, 3, 8, 8), torch.zeros(count)

    monkeypatch.setattr(experiments, "_learn_way", learn)
    monkeypatch.setattr(data, "vehicles", draw)
    results = experiments.features(7, show=False)
    assert len(results) == 12
    for one in results:
        assert one["rate"] == one["test"] == 1e-3
        assert list(one["validation"]) == [str(r) for r in experiments.FEATURE_RATES]


def test_digits_of_features_do_not_overlap():
    (train, _), (choose, _), (test, _) = experiments._digits_three(4)
    both = torch.cat([train, choose]).flatten(1)
    assert len(both) == 3500
    whole = experiments._digits(train=True)[0].flatten(1)
    assert len(both.unique(dim=0)) >= 3500 - (10_000 - len(whole.unique(dim=0)))
    assert torch.equal(test, experiments._digits(train=False)[0])
    assert not torch.equal(experiments._digits_three(5)[0][0], train)


def test_an_experiment_without_its_data_leaves_what_is_stored(
    tmp_path, monkeypatch, capsys
):
    def absent(seed, show):
        raise FileNotFoundError("The whole of MNIST is not there.")

    (tmp_path / "digits.json").write_text("stored before")
    both = {
        "digits": (absent, range(3)),
        "squares": (lambda seed, show: {"square": seed**2}, range(3)),
    }
    monkeypatch.setattr(experiments, "FOLDER", tmp_path)
    monkeypatch.setattr(experiments, "EXPERIMENTS", both)
    experiments.main([])
    assert (tmp_path / "digits.json").read_text() == "stored before"
    told = capsys.readouterr().err
    assert "digits: left out, stored results remain. The whole of MNIST" in told
    assert stored("squares")["runs"][2] == {"square": 4}


def test_stored_results_of_chapter_9_hold_what_is_promised():
    full = [run["test"] for run in stored("digits_full")["runs"]]
    assert min(full) >= 99.2
    assert max(full) - min(full) < 0.5
    few = [run["test"] for run in stored("digits_bundled")["runs"]]
    assert max(few) < min(full)  # more digits are worth more
    assert min(few) >= 96
    assert min(run["test"] for run in stored("vehicles")["runs"]) >= 95


def test_the_weights_that_come_with_the_package_are_small_and_good():
    digits = load_weights(layers.digit_network(), experiments.DIGIT_WEIGHTS)
    cars = load_weights(layers.vehicle_network(), experiments.VEHICLE_WEIGHTS)
    assert experiments.DIGIT_WEIGHTS.stat().st_size < 100_000
    assert experiments.VEHICLE_WEIGHTS.stat().st_size < 200_000
    # They have not seen these; the bundled test digits are harder than the others.
    assert evaluate(digits, *experiments._digits(train=False)) >= 0.985
    assert evaluate(cars, *data.vehicles(300, seed=1000)) >= 0.95
