#!/usr/bin/env python3
"""Writes the code-books of the IQ formats as C#, from a folder with ggml's tables (ggml-common.h) as little-endian files.

    python3 tools/make_codebooks.py ../shared/data/ggml-iq-grids > src/Crescent.Kernels/Quantization/CodeBooks.cs

CodeBookTests compares what is built in with those files.
"""
import struct
import sys
from pathlib import Path

BOOKS = [
    # member, file, C# type, struct code, entries a line, what an entry is
    ("IQ2_XXS", "iq2xxs_grid", "ulong", "Q", 8, "8 magnitudes of 8, 25 or 43"),
    ("IQ2_XS", "iq2xs_grid", "ulong", "Q", 8, "8 magnitudes of 8, 25 or 43"),
    ("IQ2_S", "iq2s_grid", "ulong", "Q", 8, "8 magnitudes of 8, 25 or 43"),
    ("IQ3_XXS", "iq3xxs_grid", "uint", "I", 12, "4 magnitudes of 4 to 62"),
    ("IQ3_S", "iq3s_grid", "uint", "I", 12, "4 odd magnitudes of 1 to 15"),
    ("IQ1_S", "iq1s_grid", "ulong", "Q", 8, "8 signed bytes of -1, 0 or 1; IQ1_M shares them"),
]


def member(folder, name, file, kind, code, per_line, entry):
    data = (folder / f"{file}.bin").read_bytes()
    width = struct.calcsize(code)
    values = [value for (value,) in struct.iter_unpack("<" + code, data)]
    yield f"    /// <summary>{len(values)} entries of {entry}; the first in the lowest byte ({file}).</summary>"
    yield f"    public static ReadOnlySpan<{kind}> {name} =>"
    yield "    ["
    for first in range(0, len(values), per_line):
        yield "        " + " ".join(f"0x{value:0{2 * width}x}," for value in values[first : first + per_line])
    yield "    ];"


def main(folder):
    licence = (folder / "LICENSE").read_text().strip().splitlines()
    yield "// Reason for length: tables only, made by tools/make_codebooks.py. They are ggml's (ggml-common.h), by Iwan Kawrakow and the ggml authors,"
    yield "// under this licence:"
    yield "//"
    yield from (f"// {line}".rstrip() for line in licence)
    yield ""
    yield "namespace Crescent.Kernels.Quantization;"
    yield ""
    yield "/// <summary>The code-books of the IQ formats: an index stands for 8 (or 4) values at once.</summary>"
    yield "internal static class CodeBooks"
    yield "{"
    for number, book in enumerate(BOOKS):
        if number:
            yield ""
        yield from member(folder, *book)
    yield "}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("\n".join(main(Path(sys.argv[1]))))
