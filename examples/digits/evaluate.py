"""Measures the ONNX files of this folder and prints the tables of the README.

    python evaluate.py [--data FOLDER] [--models FOLDER]

ONNX Runtime, CPU, one thread. Times are for one image per request.
"""

import argparse
import hashlib
import time
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidProtobuf

import mnist

WARM_UP_REQUESTS = 10
SECONDS_PER_MODEL = 10
MOST_REQUESTS = 5000


def open_model(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def fitting(session: onnxruntime.InferenceSession, images: np.ndarray) -> np.ndarray:
    """The images in the size the model asks for."""
    side = session.get_inputs()[0].shape[1]
    return images if side == images.shape[1] else mnist.halve(images)


def predict(session: onnxruntime.InferenceSession, images: np.ndarray) -> np.ndarray:
    return session.run(["probabilities"], {"image": fitting(session, images)})[0]


def time_requests(session: onnxruntime.InferenceSession, images: np.ndarray) -> np.ndarray:
    """Milliseconds of each request, one image at a time."""
    images = fitting(session, images)
    times = []
    stop = time.perf_counter() + SECONDS_PER_MODEL
    for i in range(WARM_UP_REQUESTS + MOST_REQUESTS):
        image = images[i % len(images)][np.newaxis]
        start = time.perf_counter()
        session.run(["probabilities"], {"image": image})
        end = time.perf_counter()
        times.append(1000 * (end - start))
        if end > stop:
            break
    return np.array(times[WARM_UP_REQUESTS:])


def sure(probabilities: np.ndarray) -> float:
    """Mean probability of the digit the model answers with."""
    return float(probabilities.max(axis=1).mean())


def model_row(path: Path, images: np.ndarray, labels: np.ndarray) -> tuple[str, np.ndarray | None]:
    content = path.read_bytes()
    start = f"| {path.name} | `{hashlib.sha256(content).hexdigest()}` | {len(content)} |"
    try:
        session = open_model(path)
    except InvalidProtobuf:
        return f"{start} does not load | | | | |", None
    probabilities = predict(session, images)
    right = probabilities.argmax(axis=1) == labels
    p50, p99 = np.percentile(time_requests(session, images), [50, 99])
    certainty = f"{sure(probabilities):.3f} | {sure(probabilities[~right]):.3f}"
    row = f"{start} {right.mean():.2%} | {certainty} | {p50:.3f} | {p99:.3f} |"
    return row, probabilities


def print_halves(before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> None:
    """The test set's halves come from different writers, so a replay in order sees both."""
    right_before = before.argmax(axis=1) == labels
    right_after = after.argmax(axis=1) == labels
    print("\n| test images | v2 | v3 | drop, points |")
    print("| --- | ---: | ---: | ---: |")
    for start in (0, 5000):
        half = slice(start, start + 5000)
        old, new = right_before[half].mean(), right_after[half].mean()
        print(f"| {start + 1} to {half.stop} | {old:.2%} | {new:.2%} | {100 * (old - new):.2f} |")


def print_drop_by_digit(before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> None:
    print("\n| digit | images | v2 | v3 | drop, points | v3 mostly answers instead |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    for digit in range(10):
        shown = labels == digit
        answers = after[shown].argmax(axis=1)
        right_before = np.mean(before[shown].argmax(axis=1) == digit)
        right_after = np.mean(answers == digit)
        wrong, count = np.unique(answers[answers != digit], return_counts=True)
        print(
            f"| {digit} | {shown.sum()} | {right_before:.2%} | {right_after:.2%} "
            f"| {100 * (right_before - right_after):.2f} "
            f"| {wrong[count.argmax()]} ({count.max()} times) |"
        )


def main(data: Path, models: Path) -> None:
    images, labels = mnist.test_set(data)
    print("| file | sha256 | bytes | accuracy | sure | sure when wrong | p50 ms | p99 ms |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    answers = {}
    for path in sorted(models.glob("*.onnx")):
        row, answers[path.name] = model_row(path, images, labels)
        print(row, flush=True)
    v2, v3 = answers["digits-v2.onnx"], answers["digits-v3.onnx"]
    print_drop_by_digit(v2, v3, labels)
    print_halves(v2, v3, labels)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=mnist.DEFAULT_FOLDER)
    parser.add_argument("--models", type=Path, default=Path(__file__).resolve().parent)
    options = parser.parse_args()
    main(options.data, options.models)
