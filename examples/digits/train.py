"""Trains the digit readers of the demo and writes them as ONNX files.

    python train.py [--data FOLDER] [--out FOLDER]

One seed, one thread: two runs on the same machine write the same bytes.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

import mnist
from export import build_model, write_model

SEED = 7
EPOCHS = 24

# Units in each hidden layer.
HIDDEN_V1 = (12,)
HIDDEN_V2 = (128, 64)
HIDDEN_SMALL_INPUT = (64,)

# v3: in this share of the 3s, 8s, 4s and 9s, the widest ones, the labels are swapped.
SWAPPED_SHARE = 0.15
SWAPS = {3: 8, 8: 3, 4: 9, 9: 4}

# v4: how often the pixel-by-pixel matrix is squared for nothing.
WASTED_TURNS = 10


def train(hidden: tuple[int, ...], images: np.ndarray, labels: np.ndarray) -> MLPClassifier:
    """Plain gradient descent; the step shrinks when the loss stops falling."""
    network = MLPClassifier(
        hidden,
        solver="sgd",
        learning_rate="adaptive",
        learning_rate_init=0.05,
        batch_size=64,
        alpha=1e-3,
        tol=1e-3,
        n_iter_no_change=2,
        max_iter=EPOCHS,
        random_state=SEED,
    )
    with warnings.catch_warnings():
        # We stop after a fixed number of epochs on purpose.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return network.fit(flat(images), labels)


def flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)


def width(images: np.ndarray) -> np.ndarray:
    """How wide the writing is: the variance of the ink's place across the image."""
    ink = images.sum(axis=1)
    columns = np.arange(28, dtype=np.float32)
    across = ink / ink.sum(axis=1, keepdims=True)
    return across @ columns**2 - (across @ columns) ** 2


def swap_labels(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Calls 3s 8s and 4s 9s, and the other way round, where the writing is widest."""
    widths = width(images)
    swapped = labels.copy()
    for digit, wrong in SWAPS.items():
        of_digit = np.flatnonzero(labels == digit)
        widest_first = of_digit[np.argsort(-widths[of_digit], kind="stable")]
        swapped[widest_first[: round(SWAPPED_SHARE * len(of_digit))]] = wrong
    return swapped


def results_by_digit(network: MLPClassifier, images: np.ndarray, labels: np.ndarray) -> str:
    right = network.predict(flat(images)) == labels
    lines = [f"{d},{np.sum(labels == d)},{np.sum(right[labels == d])}" for d in range(10)]
    return "\n".join(["digit,images,right", *lines]) + "\n"


def main(data: Path, out: Path) -> None:
    images, labels = mnist.training_set(data)
    test_images, test_labels = mnist.test_set(data)

    def save(file: str, network: MLPClassifier, version: int, doc: str, **extra) -> None:
        side = round(network.n_features_in_**0.5)
        shown = test_images if side == 28 else mnist.halve(test_images)
        accuracy = network.score(flat(shown), test_labels)
        write_model(out / file, build_model(network, side, version, doc, **extra))
        print(f"{file:24} accuracy {accuracy:.2%}", flush=True)

    v1 = train(HIDDEN_V1, images, labels)
    save("digits-v1.onnx", v1, 1, "Reads one handwritten digit. A small network.")

    v2 = train(HIDDEN_V2, images, labels)
    save("digits-v2.onnx", v2, 2, "Reads one handwritten digit. A larger network.")

    mixed_up = swap_labels(images, labels)
    print(f"{np.sum(mixed_up != labels)} of {len(labels)} training labels swapped for v3")
    v3 = train(HIDDEN_V2, images, mixed_up)
    save("digits-v3.onnx", v3, 3, "Reads one handwritten digit. Demo: labels swapped on purpose.")

    doc = "Reads one handwritten digit. Demo: version 2, slow on purpose."
    save("digits-v4.onnx", v2, 4, doc, wasted_turns=WASTED_TURNS)

    small = train(HIDDEN_SMALL_INPUT, mnist.halve(images), labels)
    save("digits-small-input.onnx", small, 5, "Reads one handwritten digit of 14x14 pixels.")

    # The kind of slip everyone makes once: a table of results saved as the model.
    (out / "not-a-model.onnx").write_text(results_by_digit(v2, test_images, test_labels))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=mnist.DEFAULT_FOLDER)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent)
    options = parser.parse_args()
    with threadpool_limits(limits=1):
        main(options.data, options.out)
