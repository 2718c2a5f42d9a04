"""Writes a trained network as an ONNX file.

Every file has the same contract, so a site can swap one for another:

    input   image          float32 [batch, side, side], values 0..1
    output  probabilities  float32 [batch, 10], each row sums to 1
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.neural_network import MLPClassifier

OPSET = 17
IR_VERSION = 8
PRODUCER = "skerry-digits"


def tensor(name: str, values) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(values), name)


def layer_nodes(network: MLPClassifier) -> tuple[list, list]:
    """The network from `pixels` to `logits`: Gemm, Relu, Gemm, Relu, ... Gemm."""
    nodes, weights, source = [], [], "pixels"
    last = len(network.coefs_) - 1
    for i, (weight, bias) in enumerate(zip(network.coefs_, network.intercepts_)):
        weights += [
            tensor(f"weight{i}", weight.astype(np.float32)),
            tensor(f"bias{i}", bias.astype(np.float32)),
        ]
        result = "logits" if i == last else f"sum{i}"
        nodes.append(helper.make_node("Gemm", [source, f"weight{i}", f"bias{i}"], [result]))
        if i < last:
            source = f"hidden{i}"
            nodes.append(helper.make_node("Relu", [result], [source]))
    return nodes, weights


def squaring_loop_body() -> onnx.GraphProto:
    """One turn of the loop: square the matrix, then scale its largest entry back to 1."""
    any_matrix = TensorProto.FLOAT, [None, None]
    nodes = [
        helper.make_node("Identity", ["go_on"], ["go_on_next"]),
        helper.make_node("MatMul", ["matrix", "matrix"], ["square"]),
        helper.make_node("ReduceMax", ["square"], ["largest"]),
        helper.make_node("Add", ["largest", "tiny"], ["divisor"]),
        helper.make_node("Div", ["square", "divisor"], ["matrix_next"]),
    ]
    return helper.make_graph(
        nodes,
        "square_and_scale",
        inputs=[
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("matrix", *any_matrix),
        ],
        outputs=[
            helper.make_tensor_value_info("go_on_next", TensorProto.BOOL, []),
            helper.make_tensor_value_info("matrix_next", *any_matrix),
        ],
    )


def wasted_work(turns: int) -> tuple[list, list]:
    """Squares the 784x784 pixel-by-pixel matrix `turns` times, then adds 0 x its
    largest entry to the logits.

    The matrix comes from the image, so no optimiser can work it out beforehand,
    and x * 0 may not be dropped for floats. The cost hardly depends on the batch.
    """
    constants = [
        tensor("turns", np.int64(turns)),
        tensor("yes", np.bool_(True)),
        tensor("tiny", np.float32(1e-6)),
        tensor("zero", np.float32(0)),
    ]
    nodes = [
        helper.make_node("Transpose", ["pixels"], ["columns"], perm=[1, 0]),
        helper.make_node("MatMul", ["columns", "pixels"], ["matrix_first"]),
        helper.make_node(
            "Loop", ["turns", "yes", "matrix_first"], ["matrix_last"], body=squaring_loop_body()
        ),
        helper.make_node("ReduceMax", ["matrix_last"], ["peak"]),
        helper.make_node("Mul", ["peak", "zero"], ["nothing"]),
        helper.make_node("Add", ["logits", "nothing"], ["scores"]),
    ]
    return nodes, constants


def build_model(
    network: MLPClassifier, side: int, version: int, doc: str, wasted_turns: int = 0
) -> onnx.ModelProto:
    flatten = helper.make_node("Flatten", ["image"], ["pixels"], axis=1)
    nodes, constants = layer_nodes(network)
    nodes = [flatten, *nodes]
    scores = "logits"
    if wasted_turns:
        more_nodes, more_constants = wasted_work(wasted_turns)
        nodes, constants, scores = nodes + more_nodes, constants + more_constants, "scores"
    nodes.append(helper.make_node("Softmax", [scores], ["probabilities"], axis=1))
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", side, side])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 10])],
        constants,
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name=PRODUCER,
        model_version=version,
        doc_string=doc,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def write_model(path: Path, model: onnx.ModelProto) -> None:
    path.write_bytes(model.SerializeToString(deterministic=True))
