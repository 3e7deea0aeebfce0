"""Make the weights that come with the package, by training with seed 0.

    CNNBOOK_DATA=folder-with-MNIST python -m scripts.bundle_weights

A `digit_network` learns from the whole of MNIST, a `vehicle_network` from drawings,
as in the experiments `digits_full` and `vehicles`. It takes some minutes; other
processors give weights that differ a little.
"""

import torch

from cnnbook import data
from cnnbook.experiments import (
    DIGIT_WEIGHTS,
    VEHICLE_WEIGHTS,
    learn_digits,
    learn_vehicles,
)
from cnnbook.training import save_weights


def main():
    """Train both networks and write their weights."""
    torch.set_num_threads(1)  # as in the experiments
    x, labels = data.mnist(full=True)
    digits = x[:, None] / 255, labels
    for learn, examples, path in (
        (learn_vehicles, data.vehicles(4000, seed=0), VEHICLE_WEIGHTS),
        (learn_digits, digits, DIGIT_WEIGHTS),
    ):
        model, _ = learn(*examples, seed=0)
        save_weights(model, path)
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
