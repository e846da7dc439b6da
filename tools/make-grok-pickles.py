"""Makes tests/golden/grok-pickle: pickles as the Grok-1 release has them, and some that a reader must refuse.

usage: make-grok-pickles.py FOLDER        (needs numpy and ml_dtypes)
"""

import gzip
import os
import pickle
import sys
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np


@dataclass
class QuantizedWeight8bit:  # the fields of xai-org/grok-1 model.py, pickled under __main__ as there
    weight: Any
    scales: Any


class Call:
    """Pickles as a call of a function, which is what a hostile file would do."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def pattern(dtype, *shape):
    """Values that differ from their neighbours and are exact in every type: i % 251 - 125."""
    return (np.arange(np.prod(shape)) % 251 - 125).reshape(shape).astype(dtype)


def write(folder, name, value, protocol=4):
    data = pickle.dumps(value, protocol)
    if len(data) > 50_000:
        with open(os.path.join(folder, name + ".gz"), "wb") as file:
            file.write(gzip.compress(data, mtime=0))
    else:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    bf16 = ml_dtypes.bfloat16
    write(folder, "f32-small", pattern(np.float32, 2, 3))
    write(folder, "f32-vector", pattern(np.float32, 6144))
    write(folder, "f32-large", pattern(np.float32, 70000, 2))  # beyond 64 KiB: outside of the frames
    write(folder, "i8-small", pattern(np.int8, 300, 4))
    write(folder, "bf16-small", pattern(bf16, 1, 5))
    write(folder, "quantized-small", QuantizedWeight8bit(pattern(np.int8, 2, 4, 3), pattern(bf16, 2, 1, 3)))
    write(folder, "quantized-large", QuantizedWeight8bit(pattern(np.int8, 8, 300, 256), pattern(bf16, 8, 1, 32768)))
    # Each payload fits a frame, both together do not.
    write(folder, "quantized-frames", QuantizedWeight8bit(pattern(np.int8, 8, 75, 100), pattern(bf16, 8, 1, 3750)))
    write(folder, "i8-rank-4", pattern(np.int8, 2, 1, 3, 2))
    write(folder, "f32-protocol-3", pattern(np.float32, 2, 3), protocol=3)
    write(folder, "quantized-protocol-3", QuantizedWeight8bit(pattern(np.int8, 2, 4, 3), pattern(bf16, 2, 1, 3)), protocol=3)

    write(folder, "refused-protocol-2", pattern(np.float32, 2, 3), protocol=2)
    write(folder, "refused-protocol-5", pattern(np.float32, 2, 3), protocol=5)
    write(folder, "refused-fortran", np.asfortranarray(pattern(np.float32, 2, 3)))
    write(folder, "refused-big-endian", pattern(">f4", 2, 3))
    write(folder, "refused-f64", pattern(np.float64, 2, 3))
    write(folder, "refused-void", pattern(bf16, 2, 3).view("V2"))
    write(folder, "refused-objects", np.array([1, "a", None], dtype=object))
    write(folder, "refused-system", Call(os.system, "echo executed"))
    write(folder, "refused-eval", Call(eval, "1 + 1"))
    write(folder, "refused-list", [pattern(np.float32, 2, 3)])
    write(folder, "refused-text", "text")


if __name__ == "__main__":
    main(sys.argv[1])
