"""PixelOrder: a picture as a row of numbers, which a dense layer lets one shuffle."""

import traitlets
from traitlets import TraitError, Undefined

from cnnbook.widgets.base import LARGEST, Matrix, Widget, plain_number

MOST = 28
DIGITS = 10


class _Images(traitlets.TraitType):
    """Matrices by name, all of one shape."""

    def validate(self, obj, value):
        named = isinstance(value, dict) and all(isinstance(key, str) for key in value)
        if not named or not value:
            raise TraitError(
                f"images: expected a dict of matrices (H, W) by name, got {value!r:.60}"
            )
        images = {name: self._checked(name, rows) for name, rows in value.items()}
        shapes = sorted({_shape(rows) for rows in images.values()})
        if len(shapes) > 1:
            raise TraitError(f"images: expected one shape for all, got {shapes}")
        return images

    def _checked(self, name, rows):
        try:
            rows = Matrix(MOST).validate(None, rows)
        except TraitError as error:
            raise TraitError(f"images: {name!r}: {error}") from None
        h, w = _shape(rows)
        if min(h, w) < 2:
            raise TraitError(
                f"images: {name!r}: expected 2 to {MOST} rows and columns, "
                f"got {h} rows and {w} columns"
            )
        flat = [value for row in rows for value in row]
        if min(flat) < 0 or max(flat) > 255:
            raise TraitError(
                f"images: {name!r}: expected numbers from 0 to 1 or from 0 to 255, "
                f"got {min(flat)} to {max(flat)}"
            )
        return rows


class _Bias(traitlets.TraitType):
    """Ten numbers, rounded to four decimals."""

    def validate(self, obj, value):
        numbers = value.tolist() if hasattr(value, "tolist") else value
        if not isinstance(numbers, list | tuple) or len(numbers) != DIGITS:
            raise TraitError(f"bias: expected {DIGITS} numbers, got {value!r:.60}")
        try:
            return [plain_number(number, most=LARGEST) for number in numbers]
        except ValueError as error:
            raise TraitError(f"bias: {error}") from None


class _Whole(traitlets.TraitType):
    """A list of whole numbers, or None for the default."""

    def validate(self, obj, value):
        numbers = value.tolist() if hasattr(value, "tolist") else value
        if numbers is None:
            return None
        if isinstance(numbers, list | tuple):
            # NumPy's integers have an item(), which gives a plain one
            numbers = [n.item() if hasattr(n, "item") else n for n in numbers]
            if all(type(number) is int for number in numbers):
                return numbers
        raise TraitError(
            f"{self.name}: expected a list of whole numbers, got {value!r:.60}"
        )


def _to_thousandths(weights, widget=None):
    return [[round(1000 * weight) for weight in row] for row in weights]


def _from_thousandths(rows, widget=None):
    return [[number / 1000 for number in row] for row in rows]


class PixelOrder(Widget):
    """A picture as a row of numbers, shuffled or not (chapter 1).

    Parameters
    ----------
    images : dict of matrices (H, W), sides 2 to 28, all of one shape, optional
        Pictures by name. Numbers from 0 to 1; from 0 to 255 if any picture holds
        one above 1. Kept as whole levels 0 to 255, of which the layer sees 1/255.
    weights : matrix (10, H*W), optional
        A dense layer from the flattened picture to ten digits, as ``Linear.weight``
        holds it. Rounded to 3 decimals; the saved page and the front end hold whole
        thousandths, which take half the room.
    bias : 10 numbers, optional
        Added to the ten sums. Without images, weights and bias: a zero and a nine of
        MNIST, and a layer whose weights are the mean picture of each digit.
    order : permutation of 0 to H*W − 1, optional
        Place i of the shuffled row holds pixel ``order[i]`` of the row, as in
        ``x[:, order]``. By default ``torch.randperm`` with seed 0.
    image : str, optional
        Name of the picture shown; by default the first.
    pixel : [row, column] from 0, optional
        The pressed pixel, where it is before the shuffle; by default the middle one.
    shuffled : bool
        Show and answer for the shuffled picture.
    along : bool
        Shuffle the columns of the weights in the same way. Without effect unless
        `shuffled`.

    Raises
    ------
    TypeError
        If a keyword names no trait, or one or two of images, weights, bias are missing.
    traitlets.TraitError
        If a value has the wrong form or does not fit to the others.
    """

    images = _Images().tag(sync=True)
    weights = Matrix(max_side=MOST * MOST, decimals=3).tag(
        sync=True, to_json=_to_thousandths, from_json=_from_thousandths
    )
    bias = _Bias().tag(sync=True)
    order = _Whole().tag(sync=True)
    image = traitlets.Unicode().tag(sync=True)
    pixel = _Whole().tag(sync=True)
    shuffled = traitlets.Bool(False).tag(sync=True)
    along = traitlets.Bool(True).tag(sync=True)

    def __init__(
        self, images=Undefined, weights=Undefined, bias=Undefined, order=None, **traits
    ):
        self.check_names(traits)
        given = {"images": images, "weights": weights, "bias": bias}
        missing = [name for name, value in given.items() if value is Undefined]
        if len(missing) == len(given):
            given = _means()
        elif missing:
            raise TypeError(f"PixelOrder needs {' and '.join(missing)}")
        chosen = {"order": order} | traits
        optional = {
            name: value
            for name, value in chosen.items()
            if value is not None or name not in ("order", "pixel", "image")
        }
        super().__init__(**given, **optional)

    def state(self) -> dict:
        """The state as plain data; the weights in whole thousandths."""
        return super().state() | {"weights": _to_thousandths(self.weights)}

    @property
    def scores(self):
        """What the dense layer answers now: probabilities, a float64 tensor (10,)."""
        import torch

        # In whole numbers, so that the order of the sum changes not even a last digit
        x = torch.tensor(self.images[self.image]).flatten()  # (H*W,), int64
        w = torch.tensor(_to_thousandths(self.weights))
        if self.shuffled:
            x = x[self.order]
            w = w[:, self.order] if self.along else w
        bias = torch.tensor(self.bias, dtype=torch.float64)
        return ((w @ x).double() / 255_000 + bias).softmax(0)

    @property
    def places(self):
        """Places of the pixel and its neighbors in the row shown, counted from 1.

        Three rows of three; None where the picture ends.
        """
        h, w = self._size
        row, column = self.pixel
        went = {pixel: i for i, pixel in enumerate(self.order)}

        def place(r, c):
            if not (0 <= r < h and 0 <= c < w):
                return None
            return 1 + (went[r * w + c] if self.shuffled else r * w + c)

        return [
            [place(row + down, column + right) for right in (-1, 0, 1)]
            for down in (-1, 0, 1)
        ]

    @property
    def _size(self):
        return _shape(next(iter(self.images.values())))

    @traitlets.default("order")
    def _drawn(self):
        import torch

        h, w = self._size
        seed = torch.Generator().manual_seed(0)  # its own: others draw as before
        return torch.randperm(h * w, generator=seed).tolist()

    @traitlets.default("image")
    def _first(self):
        return next(iter(self.images))

    @traitlets.default("pixel")
    def _middle(self):
        h, w = self._size
        return [h // 2, w // 2]

    @traitlets.validate("images")
    def _images_fit(self, proposal):
        images = proposal["value"]
        size, known = _shape(next(iter(images.values()))), self._trait_values
        _check_weights(size, self.weights)
        if "image" in known:
            _check_image(images, known["image"])
        if pixel := known.get("pixel"):
            _check_pixel(size, pixel)
        return _levels(images)

    @traitlets.validate("weights")
    def _weights_fit(self, proposal):
        _check_weights(self._size, proposal["value"])
        return proposal["value"]

    @traitlets.validate("order")
    def _permutes(self, proposal):
        order, (h, w) = proposal["value"], self._size
        if order is None:
            return self._drawn()
        if sorted(order) != list(range(h * w)):
            raise TraitError(
                f"order: expected each number from 0 to {h * w - 1} once, "
                f"got {len(order)} numbers, {len(set(order))} different, "
                f"from {min(order, default=0)} to {max(order, default=0)}"
            )
        return order

    @traitlets.validate("image")
    def _is_there(self, proposal):
        _check_image(self.images, proposal["value"])
        return proposal["value"]

    @traitlets.validate("pixel")
    def _is_inside(self, proposal):
        if proposal["value"] is None:
            return self._middle()
        _check_pixel(self._size, proposal["value"])
        return proposal["value"]

    def summary(self) -> str:
        """The pixel's place and that of the one below, and what the layer answers."""
        (h, w), (row, column) = self._size, self.pixel
        (_, _, _), (_, place, _), (_, below, _) = self.places
        text = (
            f"{self.image!r}, {h}×{w} pixels{self._shuffle()}, as {h * w} numbers in a "
            f"row. The pixel of row {row + 1}, column {column + 1} is at place {place}"
        )
        if below:
            text += f", the one below it at place {below} ({below - place:+d})"
        return f"{text}. A dense network answers {int(self.scores.argmax())}"

    def _shuffle(self):
        if not self.shuffled:
            return ""
        return f" shuffled, the weights {'' if self.along else 'not '}along"


def _means():
    """Two digits, and a layer that answers with the mean picture nearest to a digit."""
    import torch

    from cnnbook import data

    images, labels = data.mnist()
    x = images.flatten(1) / 255
    w = torch.stack([x[labels == digit].mean(0) for digit in range(DIGITS)])
    return {
        "images": {"a zero": images[1], "a nine": images[4]},
        "weights": w,
        "bias": -w.square().sum(1) / 2,
    }


def _shape(matrix):
    return len(matrix), len(matrix[0])


def _levels(images):
    """Whole levels 0 to 255, from these or from shares 0 to 1."""
    most = max(value for rows in images.values() for row in rows for value in row)
    factor = 1 if most > 1 else 255
    return {
        name: [[round(factor * value) for value in row] for row in rows]
        for name, rows in images.items()
    }


def _check_weights(size, weights):
    expected = (DIGITS, size[0] * size[1])
    if _shape(weights) != expected:
        raise TraitError(
            f"weights: expected shape {expected} for images of shape {size}, "
            f"got {_shape(weights)}"
        )


def _check_image(images, image):
    if image not in images:
        raise TraitError(
            f"image: expected the name of a picture, {' or '.join(map(repr, images))}, "
            f"got {image!r}"
        )


def _check_pixel(size, pixel):
    inside = len(pixel) == 2 and all(
        0 <= at < side for at, side in zip(pixel, size, strict=True)
    )
    if not inside:
        raise TraitError(
            f"pixel: expected [row, column] from [0, 0] to "
            f"{[side - 1 for side in size]}, got {pixel}"
        )
