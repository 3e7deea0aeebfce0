"""Digits, photographs, vehicles: what a chapter gets, what a broken cache says."""

import hashlib
import os
import pickle
import shutil
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision

from cnnbook import data, drawing
from scripts import bundle_digits

LABELS = {True: [5, 0, 4, 1, 9, 2], False: [7, 2, 1, 0]}  # the first of MNIST
WHOLE = os.environ.get("CNNBOOK_DATA", "")

needs_whole = pytest.mark.skipif(
    not Path(WHOLE, "MNIST", "raw", "train-images-idx3-ubyte").is_file(),
    reason="CNNBOOK_DATA names no folder with the whole of MNIST",
)


# The bundled digits


@pytest.mark.parametrize(("train", "count"), [(True, 10_000), (False, 2_000)])
def test_bundled_digits(train, count):
    images, labels = data.mnist(train=train)
    assert (images.shape, images.dtype) == ((count, 28, 28), torch.uint8)
    assert (labels.shape, labels.dtype) == ((count,), torch.int64)
    assert labels[: len(LABELS[train])].tolist() == LABELS[train]
    assert set(labels.tolist()) == set(range(10))
    assert (int(images.min()), int(images.max())) == (0, 255)


def test_training_digits_by_default():
    assert torch.equal(data.mnist()[1], data.mnist(train=True, full=False)[1])


def test_scaled_as_the_docstring_says():
    images, _ = data.mnist(train=False)
    x = images[:, None] / 255
    assert (x.shape, x.dtype) == ((2_000, 1, 28, 28), torch.float32)
    assert (x.min(), x.max()) == (0, 1)


def test_changing_a_result_changes_no_other():
    images, _ = data.mnist(train=False)
    images.zero_()
    assert data.mnist(train=False)[0].any()


@pytest.mark.parametrize("arguments", [{"train": "test"}, {"full": 1}])
def test_only_true_and_false(arguments):
    ((name, value),) = arguments.items()
    with pytest.raises(TypeError, match=f"{name} must be True or False, got {value!r}"):
        data.mnist(**arguments)


@needs_whole
@pytest.mark.parametrize(("train", "count"), [(True, 60_000), (False, 10_000)])
def test_bundled_digits_are_the_first_of_the_whole(train, count):
    whole = data.mnist(train=train, full=True)
    assert [part.dtype for part in whole] == [torch.uint8, torch.int64]
    assert [part.shape for part in whole] == [(count, 28, 28), (count,)]
    for few, all_of_them in zip(data.mnist(train=train), whole, strict=True):
        assert torch.equal(few, all_of_them[: len(few)])


# The file they come in


@needs_whole
def test_bundle_script_makes_the_bundled_arrays():
    made = bundle_digits.first_digits()
    with np.load(data.BUNDLED, allow_pickle=False) as bundled:
        assert sorted(bundled) == sorted(made)
        for name, array in made.items():
            assert bundled[name].dtype == array.dtype == np.uint8
            np.testing.assert_array_equal(bundled[name], array)


def test_bundle_script_writes_the_same_bytes_twice(tmp_path, monkeypatch):
    arrays = {"b": np.arange(6, dtype=np.uint8).reshape(2, 3), "a": np.zeros(2)}
    bundle_digits.write(tmp_path / "one.npz", arrays)
    monkeypatch.setattr("time.time", lambda: 2e9)  # a later day
    monkeypatch.setattr("sys.platform", "win32")
    bundle_digits.write(tmp_path / "two.npz", arrays)
    first, second = [(tmp_path / f"{n}.npz").read_bytes() for n in ("one", "two")]
    assert first == second
    with np.load(tmp_path / "one.npz", allow_pickle=False) as read:
        assert all(np.array_equal(read[name], arrays[name]) for name in arrays)


def test_bundled_file_is_small_and_carries_no_date():
    assert data.BUNDLED.stat().st_size < 2_000_000
    with zipfile.ZipFile(data.BUNDLED) as archive:
        dates = {entry.date_time for entry in archive.infolist()}
    assert dates == {(1980, 1, 1, 0, 0, 0)}


def test_license_stands_beside_the_file():
    text = (data.BUNDLED.parent / "LICENSE-MNIST").read_text(encoding="utf-8")
    authors = ["Yann LeCun", "Corinna Cortes", "Christopher J.C. Burges"]
    for part in [*authors, "CC BY-SA 3.0", "subset", "Repacked", data.BUNDLED.name]:
        assert part in text


# The whole set, through torchvision, on a small one in MNIST's own format


def write_idx(path, array):
    """IDX: two zeros, 8 for uint8, the number of axes, big-endian sizes, the bytes."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(header + array.tobytes())


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A whole MNIST of 5 training and 3 test digits; the folder of its raw files."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for stem, count in (("train", 5), ("t10k", 3)):
        images = np.arange(count * 784, dtype=np.uint32).astype(np.uint8)
        write_idx(raw / f"{stem}-images-idx3-ubyte", images.reshape(count, 28, 28))
        write_idx(raw / f"{stem}-labels-idx1-ubyte", np.arange(count, dtype=np.uint8))
    monkeypatch.setenv("CNNBOOK_DATA", str(tmp_path))
    forbid_download(monkeypatch)
    return raw


def forbid_download(monkeypatch):
    """Make torchvision's download fail as it does without a network, at once."""

    def refuse(url, *_, **__):
        raise RuntimeError(f"no network for {url}")

    for module in (torchvision.datasets.mnist, torchvision.datasets.cifar):
        monkeypatch.setattr(module, "download_and_extract_archive", refuse)


def assert_no_traceback_from_the_depths(error):
    assert error.__suppress_context__
    assert error.__cause__ is None


@pytest.mark.parametrize(("train", "count"), [(True, 5), (False, 3)])
def test_whole_set_is_read_from_the_folder(small, train, count):
    images, labels = data.mnist(train=train, full=True)
    assert (images.shape, images.dtype) == ((count, 28, 28), torch.uint8)
    assert (labels.tolist(), labels.dtype) == (list(range(count)), torch.int64)
    expected = torch.arange(count * 784).to(torch.uint8)
    assert torch.equal(images.flatten(), expected)


def test_folder_is_only_read(small):
    files = sorted(small.parent.parent.rglob("*"))
    data.mnist(full=True)
    assert sorted(small.parent.parent.rglob("*")) == files


def test_absent_files_are_downloaded(small, monkeypatch):
    content = (small / "train-labels-idx1-ubyte").read_bytes()
    (small / "train-labels-idx1-ubyte").unlink()

    def download(url, download_root, filename, **_):
        (Path(download_root) / Path(filename).stem).write_bytes(content)

    module = torchvision.datasets.mnist
    monkeypatch.setattr(module, "download_and_extract_archive", download)
    monkeypatch.setattr(module.MNIST, "resources", module.MNIST.resources[1:2])
    assert data.mnist(full=True)[1].tolist() == [0, 1, 2, 3, 4]


def test_absent_and_not_to_be_had(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBOOK_DATA", str(tmp_path))
    forbid_download(monkeypatch)
    with pytest.raises(FileNotFoundError) as caught:
        data.mnist(full=True)
    message = str(caught.value)
    assert str(tmp_path / "MNIST" / "raw") in message  # where
    assert all(name in message for name in data.RAW_FILES)  # what
    assert "no network for https://" in message  # what failed
    assert "Set CNNBOOK_DATA" in message  # what to do
    assert "mnist(full=False)" in message
    assert_no_traceback_from_the_depths(caught.value)


def test_one_file_absent(small):
    (small / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match=r"missing: t10k-labels-idx1-ubyte\)"):
        data.mnist(full=True)


@pytest.mark.parametrize("kind", ["images-idx3", "labels-idx1"])
@pytest.mark.parametrize("length", [0, 3, 6, -1])
def test_cut_off_file(small, kind, length):
    path = small / f"train-{kind}-ubyte"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match="cannot be read as MNIST") as caught:
        data.mnist(full=True)
    message = str(caught.value)
    assert str(small) in message
    assert "Delete them" in message
    assert "mnist(full=False)" in message
    assert_no_traceback_from_the_depths(caught.value)
    assert len(data.mnist(train=False, full=True)[0]) == 3  # the other half is whole


@pytest.mark.parametrize(
    ("kind", "array", "said"),
    [
        ("images-idx3", np.zeros((5, 27, 28), np.uint8), r"got \(5, 27, 28\)"),
        ("images-idx3", np.zeros((5, 784), np.uint8), "3 dimension"),
        ("labels-idx1", np.zeros(4, np.uint8), "5 images but 4 labels"),
        ("labels-idx1", np.full(5, 10, np.uint8), "from 0 to 9"),
    ],
)
def test_whole_files_of_something_else(small, kind, array, said):
    write_idx(small / f"train-{kind}-ubyte", array)
    with pytest.raises(ValueError, match=said):
        data.mnist(full=True)


def test_no_digits_at_all(small):
    for kind, shape in (("images-idx3", (0, 28, 28)), ("labels-idx1", (0,))):
        write_idx(small / f"train-{kind}-ubyte", np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="cannot be read as MNIST"):
        data.mnist(full=True)


# Where the whole set is kept


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "home/.cache/cnnbook"),
        ("linux", {"XDG_CACHE_HOME": "caches"}, "caches/cnnbook"),
        ("darwin", {}, "home/Library/Caches/cnnbook"),
        ("win32", {}, "home/AppData/Local/cnnbook"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/cnnbook"),
        ("linux", {"CNNBOOK_DATA": "mine"}, "mine"),
        ("win32", {"CNNBOOK_DATA": "~/mine", "LOCALAPPDATA": "local"}, "home/mine"),
        ("linux", {"CNNBOOK_DATA": ""}, "home/.cache/cnnbook"),
    ],
)
def test_cache_folder(monkeypatch, platform, variables, expected):
    for name in ("CNNBOOK_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "home", "USERPROFILE": "home", **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", platform)
    assert data.cache_folder() == Path(expected)


# The photograph


def test_photograph_as_it_is():
    photo = data.photograph()
    assert (photo.shape, photo.dtype) == ((3, 600, 512), torch.float32)
    assert (photo.min(), photo.max()) == (0, 1)
    assert photo.is_contiguous()


def test_photograph_is_red_green_blue_and_upright():
    red, green, blue = data.photograph()
    backdrop = (slice(0, 100), slice(400, 512))  # top right: blue, dark to its red
    assert blue[backdrop].mean() > green[backdrop].mean() > red[backdrop].mean()
    cap, uniform = red[60:90, 200:300].mean(), red[500:, 220:260].mean()
    assert cap > uniform  # the white of the cap above, the dark uniform below


@pytest.mark.parametrize("height", [600, 224, 96, 33, 1, np.int64(64)])
def test_photograph_keeps_its_aspect(height):
    photo = data.photograph(height)
    assert photo.shape == (3, height, max(1, round(height * 512 / 600)))
    assert photo.dtype == torch.float32
    assert 0 <= photo.min() < photo.max() <= 1


def test_photograph_is_averaged_not_sampled():
    half = torch.nn.functional.avg_pool2d(data.photograph(), 2)
    torch.testing.assert_close(data.photograph(300), half)
    whole = data.photograph().mean((1, 2))
    torch.testing.assert_close(data.photograph(1).flatten(), whole)


@pytest.mark.parametrize("height", [0, -5, 601, 64.0, "64", True])
def test_photograph_of_impossible_height(height):
    said = f"whole number from 1 to 600.*got {height!r}"
    with pytest.raises(ValueError, match=said):
        data.photograph(height)


def test_photograph_without_sample_data(tmp_path, monkeypatch):
    monkeypatch.setattr("matplotlib.get_data_path", lambda: str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"grace_hopper\.jpg.*pip"):
        data.photograph()


# CIFAR-10, through torchvision, on a small one in its own format


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    """A whole CIFAR-10 of 10 training and 3 test pictures; the folder of its files."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name, count in {**dict.fromkeys(CIFAR_TRAIN, 2), "test_batch": 3}.items():
        write_batch(folder / name, cifar_pixels(name, count), list(range(count)))
    content = {"label_names": [str(label) for label in range(10)]}
    (folder / "batches.meta").write_bytes(pickle.dumps(content))
    expect_checksums_of(folder, monkeypatch)
    monkeypatch.setenv("CNNBOOK_DATA", str(tmp_path))
    forbid_download(monkeypatch)
    return folder


CIFAR_TRAIN = [f"data_batch_{i}" for i in range(1, 6)]


def cifar_pixels(name, count):
    """Rows of 3,072 bytes: all reds of a picture line by line, then greens, blues."""
    start = len(name) + ord(name[-1])  # another one for each file
    steps = np.arange(count * 3072, dtype=np.uint32) * 7 + start
    return steps.astype(np.uint8).reshape(count, 3072)


def write_batch(path, pixels, labels):
    path.write_bytes(pickle.dumps({"data": pixels, "labels": labels}))


def expect_checksums_of(folder, monkeypatch):
    """Have torchvision ask for these files, which are not the true CIFAR-10."""

    def sum_of(name):
        return hashlib.md5((folder / name).read_bytes()).hexdigest()

    loader = torchvision.datasets.CIFAR10
    listed = [[name, sum_of(name)] for name in CIFAR_TRAIN]
    monkeypatch.setattr(loader, "train_list", listed)
    test = [["test_batch", sum_of("test_batch")]]
    monkeypatch.setattr(loader, "test_list", test)
    meta = {**loader.meta, "md5": sum_of("batches.meta")}
    monkeypatch.setattr(loader, "meta", meta)


def test_cifar10_names_the_files_that_torchvision_reads():
    loader = torchvision.datasets.CIFAR10
    listed = [name for name, _ in loader.train_list + loader.test_list]
    assert data.CIFAR10_KEPT.files == (*listed, loader.meta["filename"])
    assert data.CIFAR10_KEPT.place == loader.base_folder


@pytest.mark.parametrize(
    ("train", "files"), [(True, CIFAR_TRAIN), (False, ["test_batch"])]
)
def test_cifar10_is_read_from_the_folder(photographs, train, files):
    images, labels = data.cifar10(train=train)
    count = 2 if train else 3
    pixels = np.concatenate([cifar_pixels(name, count) for name in files])
    expected = torch.from_numpy(pixels.reshape(-1, 3, 32, 32))
    assert torch.equal(images, expected)
    expected_labels = list(range(count)) * len(files)
    assert (images.dtype, images.is_contiguous()) == (torch.uint8, True)
    assert (labels.tolist(), labels.dtype) == (expected_labels, torch.int64)


def test_cifar10_for_training_by_default(photographs):
    assert len(data.cifar10()[0]) == 10


def test_cifar10_folder_is_only_read(photographs):
    files = sorted(photographs.parent.rglob("*"))
    data.cifar10()
    assert sorted(photographs.parent.rglob("*")) == files


def test_cifar10_archive_is_unpacked(photographs, monkeypatch):
    archive = photographs.parent / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(photographs, photographs.name)
    shutil.rmtree(photographs)
    module = torchvision.datasets.cifar
    monkeypatch.setattr(
        module,
        "download_and_extract_archive",
        torchvision.datasets.utils.download_and_extract_archive,
    )
    # An archive that is there and whole is not downloaded again.
    right = hashlib.md5(archive.read_bytes()).hexdigest()
    monkeypatch.setattr(module.CIFAR10, "tgz_md5", right)
    assert len(data.cifar10()[0]) == 10


def test_cifar10_absent_and_not_to_be_had(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBOOK_DATA", str(tmp_path))
    forbid_download(monkeypatch)
    with pytest.raises(FileNotFoundError) as caught:
        data.cifar10()
    message = str(caught.value)
    assert "The whole of CIFAR-10 is not in" in message
    assert str(tmp_path / "cifar-10-batches-py") in message  # where
    assert all(name in message for name in data.CIFAR10_KEPT.files)  # what
    assert "no network for https://" in message  # what failed
    assert "Set CNNBOOK_DATA to a folder that contains cifar-10-batches-py" in message
    assert "vehicles()" in message
    assert_no_traceback_from_the_depths(caught.value)


def test_cifar10_one_file_absent(photographs):
    (photographs / "data_batch_3").unlink()
    with pytest.raises(FileNotFoundError, match=r"missing: data_batch_3\)"):
        data.cifar10(train=False)


def test_cifar10_other_files_than_the_true_ones(photographs, monkeypatch):
    monkeypatch.undo()  # the true checksums again
    monkeypatch.setenv("CNNBOOK_DATA", str(photographs.parent))
    with pytest.raises(ValueError, match=r"cannot be read as CIFAR-10.*\n.*corrupted"):
        data.cifar10()


@pytest.mark.parametrize("name", [*CIFAR_TRAIN, "test_batch", "batches.meta"])
def test_cifar10_cut_off_file(photographs, name):
    path = photographs / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="cannot be read as CIFAR-10") as caught:
        data.cifar10()
    message = str(caught.value)
    assert str(photographs) in message
    assert "Delete them" in message
    assert "vehicles()" in message
    assert_no_traceback_from_the_depths(caught.value)


@pytest.mark.parametrize(
    ("pixels", "labels", "said"),
    [
        (np.zeros((2, 3072), np.uint8), [0], "3 images but 2 labels"),
        (np.zeros((2, 3072), np.uint8), [3, 10], "from 0 to 9, got 10"),
        (np.zeros((2, 3071), np.uint8), [3, 4], "ValueError"),
    ],
)
def test_cifar10_files_of_something_else(
    photographs, monkeypatch, pixels, labels, said
):
    write_batch(photographs / "test_batch", pixels, labels)
    if "images" in said:
        write_batch(photographs / "test_batch", np.zeros((3, 3072), np.uint8), [0, 1])
    expect_checksums_of(photographs, monkeypatch)
    with pytest.raises(ValueError, match=said):
        data.cifar10(train=False)


def test_cifar10_takes_only_true_and_false():
    with pytest.raises(TypeError, match="train must be True or False, got 'test'"):
        data.cifar10("test")


# The vehicles

WHEELS = {"car": 2, "truck": 3, "bus": 2, "bicycle": 2, "train": 4, "ship": 0}


def test_vehicles():
    x, labels = data.vehicles(120)
    assert (x.shape, x.dtype) == ((120, 3, 32, 32), torch.float32)
    assert (labels.shape, labels.dtype) == ((120,), torch.int64)
    assert 0 <= x.min() < 0.2
    assert 0.9 < x.max() <= 1
    assert set(labels.tolist()) == set(range(len(data.VEHICLES)))
    assert x.is_contiguous()


def test_the_kinds_of_vehicles_are_those_that_are_drawn():
    assert tuple(drawing.KINDS) == data.VEHICLES


def test_vehicles_follow_from_seed_and_number():
    x, labels, where = data.vehicles(12, seed=3, parts=True)
    fewer = data.vehicles(5, seed=3, parts=True)
    for few, all_of_them in zip(fewer, (x, labels, where), strict=True):
        assert few.numpy().tobytes() == all_of_them[:5].numpy().tobytes()
    assert not torch.equal(data.vehicles(5, seed=4)[0], x[:5])
    assert len({picture.numpy().tobytes() for picture in x}) == 12


def test_nothing_but_the_vehicle_tells_its_kind():
    plain = {
        kind: data.vehicles(40, kinds=[kind], hide=("body", "wheels"))[0]
        for kind in data.VEHICLES
    }
    assert all(torch.equal(x, plain["car"]) for x in plain.values())
    for kind in data.VEHICLES:
        x, _, where = data.vehicles(40, kinds=[kind], parts=True)
        behind = (where == 0)[:, None].expand_as(x)
        assert torch.equal(x[behind], plain["car"][behind])


def test_size_place_and_direction_do_not_depend_on_the_kind():
    spans = []
    for kind in ("car", "bus", "train"):  # these reach from end to end
        where = data.vehicles(40, kinds=[kind], parts=True)[2]
        columns = where.amax(1) > 0  # (N, 32)
        spans.append(torch.stack([columns.int().argmax(1), columns.sum(1)], 1))
    for other in spans[1:]:
        assert (spans[0] - other).abs().max() <= 2  # pixels
    left, width = spans[0].T
    assert left.min() <= 2
    assert left.max() >= 11
    assert width.min() <= 18
    assert width.max() >= 28


def test_vehicles_face_both_ways():
    where = data.vehicles(40, kinds=["truck"], parts=True)[2]
    columns = torch.arange(32.0).expand(40, 32, 32)
    at = [
        (columns * (where == k)).sum((1, 2)) / (where == k).sum((1, 2))
        for k in (2, 3, 4)
    ]
    assert bool((at[0] < at[1]).all() & (at[1] < at[2]).all())  # from left to right
    to_the_right = at[2] - at[1] > at[1] - at[0]  # one wheel in front, two behind
    assert 10 <= to_the_right.sum() <= 30


@pytest.mark.parametrize(("kind", "wheels"), WHEELS.items())
def test_parts_of_vehicles(kind, wheels):
    x, labels, where = data.vehicles(30, kinds=kind, parts=True)
    assert (where.shape, where.dtype) == ((30, 32, 32), torch.uint8)
    assert set(labels.tolist()) == {data.VEHICLES.index(kind)}
    parts = set(range(wheels + 2))
    assert all(set(each.unique().tolist()) == parts for each in where)
    without = data.vehicles(30, kinds=kind, hide="wheels", parts=True)
    assert without[2].max() == 1
    changed = (without[0] != x).any(1)
    assert not changed[where < 2].any()
    assert changed[where > 1].float().mean() > 0.9 or not wheels


def test_hidden_parts_of_vehicles():
    x, labels, where = data.vehicles(30, parts=True)
    gray, same, _ = data.vehicles(30, hide=["background"], parts=True)
    assert torch.equal(same, labels)
    behind = gray.movedim(1, -1)[where == 0]
    assert behind.mean().item() == pytest.approx(128 / 255, abs=0.002)
    assert behind.std() < 0.02  # the noise
    bodiless, _, left = data.vehicles(30, hide=["body"], parts=True)
    assert not (left == 1).any()
    assert torch.equal(left > 1, where > 1)
    changed = (bodiless != x).any(1)
    assert not changed[where == 0].any()
    nothing = data.vehicles(30, hide=("background", "body", "wheels"), parts=True)
    assert not nothing[2].any()


def test_some_kinds_of_vehicles():
    kinds = ("ship", "bus")
    labels = data.vehicles(60, kinds=kinds)[1]
    assert set(labels.tolist()) == {data.VEHICLES.index(kind) for kind in kinds}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"count": 0}, "count must be a whole number, 1 or more, got 0"),
        ({"count": 2.5}, "count must be a whole number, 1 or more, got 2.5"),
        ({"count": True}, "got True"),
        ({"seed": -1}, "seed must be a whole number, 0 or more, got -1"),
        ({"kinds": ["car", "plane"]}, "kinds may contain car, .*ship; got 'plane'"),
        ({"kinds": "plane"}, "got 'plane'"),
        ({"kinds": []}, "kinds must name at least one of car, "),
        ({"hide": "windows"}, "hide may contain background, .*; got 'windows'"),
    ],
)
def test_impossible_vehicles(arguments, said):
    with pytest.raises(ValueError, match=said):
        data.vehicles(**{"count": 2, **arguments})


def test_parts_of_vehicles_are_asked_for_with_true():
    with pytest.raises(TypeError, match="parts must be True or False, got 'wheels'"):
        data.vehicles(2, parts="wheels")


@pytest.mark.parametrize("count", [5000, 5001])
def test_many_vehicles_show_progress(monkeypatch, capsys, count):
    one = np.zeros((3, 32, 32), np.float32), 0, np.zeros((32, 32), np.uint8)
    monkeypatch.setattr(drawing, "draw", lambda *_: one)
    data.vehicles(count)
    assert (f"{count:,} vehicles" in capsys.readouterr().err) == (count > 5000)


# Imports


def modules_after(statement):
    program = f"import sys; {statement}; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    return subprocess.check_output(command, text=True, timeout=120).split()


def test_importing_is_lazy():
    loaded = modules_after("import cnnbook.data")
    assert "cnnbook.data" in loaded
    assert not {"torch", "torchvision", "numpy", "matplotlib", "PIL"} & set(loaded)


def test_bundled_digits_do_without_torchvision():
    loaded = modules_after("import cnnbook.data; cnnbook.data.mnist()")
    assert "torch" in loaded
    assert "torchvision" not in loaded
