"""Training and testing: what they compute, and how they leave the model."""

import io
import pickle
import zipfile

import pytest
import torch
from torch import nn

from cnnbook.layers import digit_network
from cnnbook.training import evaluate, fit, load_weights, progress, save_weights


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


def test_fit_takes_the_steps_of_the_optimizer_it_is_given(task):
    x, labels = task
    model, ours = linear(), linear()
    steps = torch.optim.SGD(ours.parameters(), lr=0.5)
    fit(ours, x, labels, epochs=1, batch_size=200, show=False, optimizer=steps)
    nn.functional.cross_entropy(model(x), labels).backward()
    expected = model.weight - 0.5 * model.weight.grad
    torch.testing.assert_close(ours.weight, expected)


def test_a_decaying_rate_falls_evenly_to_nothing(task):
    x, labels = task
    model, ours = linear(), linear()
    how = {"epochs": 2, "lr": 0.1, "batch_size": 50, "show": False, "decay": True}
    fit(ours, x, labels, **how)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, total_iters=8)
    generator = torch.Generator().manual_seed(0)
    for _ in range(2):
        for batch in torch.randperm(200, generator=generator).split(50):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), labels[batch]).backward()
            optimizer.step()
            falling.step()
    torch.testing.assert_close(ours.weight, model.weight)


def test_fit_lets_the_inputs_be_changed_at_each_step(task):
    x, labels = task
    model, ours, drawn = linear(), linear(), []

    def mirror(batch, generator):
        drawn.append(torch.rand(1, generator=generator).item())
        return -batch

    fit(ours, x, labels, epochs=2, show=False, change=mirror)
    fit(model, -x, labels, epochs=2, show=False)
    assert torch.equal(ours.weight, model.weight)
    assert len(set(drawn)) == len(drawn) == 8  # by chance, another each time


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


# --- Weights in a file ----------------------------------------------------------------


def network(seed=0, hidden=5):
    torch.manual_seed(seed)
    layers = [nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(8, hidden))


def weights(model):
    """A copy of all that a model has learned."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(ones, others):
    return ones.keys() == others.keys() and all(
        torch.equal(value, others[name]) for name, value in ones.items()
    )


def test_weights_come_back(tmp_path):
    saved, other = network(0), network(1)
    before = weights(saved)
    assert not same(before, weights(other))
    for path in (tmp_path / "weights.pt", str(tmp_path / "weights.pt")):
        save_weights(saved, path)
        assert load_weights(other, path) is other
        assert same(before, weights(other))
        assert same(before, weights(saved))
    assert [path.name for path in tmp_path.iterdir()] == ["weights.pt"]


def test_the_same_weights_give_the_same_file(tmp_path):
    for name in ("a.pt", "b.pt"):
        save_weights(network(), tmp_path / name)
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "weights.pt"
    save_weights(network(), path)
    before = path.read_bytes()

    def half(state, file):
        file.write(before[:100])
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OSError, match="disk full"):
        save_weights(network(1), path)
    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["weights.pt"]


def refused(path, message, model=None):
    """The file is refused with this message, and the model is left as it was."""
    model = model or network(3)
    before = weights(model)
    with pytest.raises(ValueError, match=message) as error:
        load_weights(model, path)
    assert str(path) in str(error.value)
    assert same(before, weights(model))


@pytest.mark.parametrize("make", [network, digit_network])
def test_a_file_that_is_cut_off_is_refused(tmp_path, make):
    # Of a large file PyTorch complains in another way (OSError) than of a small one.
    path, short = tmp_path / "weights.pt", tmp_path / "short.pt"
    save_weights(make(), path)
    whole = path.read_bytes()
    told = "expected weights written by save_weights, got a file that is"
    for length in [*range(0, len(whole) - 1, len(whole) // 40), len(whole) - 1]:
        short.write_bytes(whole[:length])
        refused(short, told, make())


class Trap:
    """Runs when it is unpickled."""

    def __reduce__(self):
        return pytest.fail, ("the file was executed",)


def foreign(path):
    """Files that are no weights, by kind."""
    torch_file = path / "whole.pt"
    torch.save(network(), torch_file)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "not weights")
    return {
        "text": b"not weights",
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "zip": archive.getvalue(),
        "pickle": pickle.dumps({"weight": Trap()}, protocol=2),
        "module": torch_file.read_bytes(),
    }


@pytest.mark.parametrize("kind", ["text", "picture", "zip", "pickle", "module"])
def test_a_foreign_file_is_refused_and_not_executed(tmp_path, kind):
    path = tmp_path / kind
    path.write_bytes(foreign(tmp_path)[kind])
    refused(path, "got a file that is cut off or of another kind")


def changed(**changes):
    """Weights of the network with some replaced, or left out where None is given."""
    state = weights(network()) | {n.replace("_", "."): v for n, v in changes.items()}
    return {name: value for name, value in state.items() if value is not None}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ([torch.zeros(2)], "expected a dict of weights by name, got list"),
        (torch.zeros(2), "expected a dict of weights by name, got Tensor"),
        (
            {},
            r"expected the weights 0.weight, 0.bias, 1.weight.* and 3 more, got a file "
            r"without 0.weight, .* and 3 more and with none besides",
        ),
        (changed(**{"0_bias": None}), "without 0.bias and with none besides"),
        (changed(extra=torch.zeros(1)), "without none and with extra besides"),
        (
            changed(**{"4_weight": torch.zeros(5, 9)}),
            r"4.weight: expected torch.float32 of shape \(5, 8\), "
            r"got torch.float32 of shape \(5, 9\)",
        ),
        (
            changed(**{"4_bias": torch.zeros(5, dtype=torch.int64)}),
            r"4.bias: expected torch.float32 .* got torch.int64 of shape \(5,\)",
        ),
        (changed(**{"4_bias": 3}), "4.bias: expected a tensor, got int"),
    ],
)
def test_weights_of_another_model_are_refused(tmp_path, state, message):
    path = tmp_path / "other.pt"
    torch.save(state, path)
    refused(path, message)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.pt"):
        load_weights(network(), tmp_path / "nothing.pt")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        save_weights(network(), tmp_path / "nowhere" / "weights.pt")
