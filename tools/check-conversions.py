#!/usr/bin/env python3
"""Compares files that crescent converts and quantises with llama.cpp's reading of them.

    check-conversions.py CRESCENT DUMP_LOGITS LLAMA_QUANTIZE FOLDER TOKENS [PRESET…]

CRESCENT is the built executable; DUMP_LOGITS a program over llama.cpp's library that is called "DUMP_LOGITS MODEL.gguf OUT.f32 COUNT IDS" and writes the
logits of all positions as float32, with an F32 cache; LLAMA_QUANTIZE is llama.cpp's; FOLDER is for files that are made; TOKENS a file of ids, comma-separated.

Every tiny preset is written as released, converted and quantised. Printed for each file: the largest difference of llama.cpp's logits from crescent's (which
decodes weights and multiplies floats), and the median and least cosine of a position. llama.cpp rounds activations for every type but F32, and models whose
experts are chosen by close margins then differ; so a quantised file is also decoded to F32 by llama-quantize, and crescent's logits of the quantised file are
compared with llama.cpp's of the decoded one. Grok stays
2e-3 apart: llama.cpp's GELU goes through a table of half-precision values.
"""
import array
import math
import os
import subprocess
import sys

crescent, dump, quantize, folder, tokens_file = sys.argv[1:6]
# A preset, how it is published, and what llama.cpp must be told beside the file (its reader of YaRN's betas is not applied).
presets = [entry for entry in [
    ("tiny-kimi-k2", "safetensors", {"YARN_BETA_FAST": "1", "YARN_BETA_SLOW": "1"}),
    ("tiny-kimi-k2-thinking", "safetensors", {"YARN_BETA_FAST": "1", "YARN_BETA_SLOW": "1"}),
    ("tiny-moonlight", "safetensors", {}),
    ("tiny-deepseek-v3", "safetensors", {}),
    ("tiny-kimi-linear", "safetensors", {}),
    ("tiny-grok-1", "safetensors", {}),
    ("tiny-grok-1", "grok", {}),
    ("tiny-qwen3-30b-a3b", "safetensors", {}),
    ("tiny-gpt-oss-20b", "safetensors", {}),
    ("tiny-llama-3.2-1b", "safetensors", {}),
] if len(sys.argv) < 7 or entry[0] in sys.argv[6:]]
ids = open(tokens_file).read().strip()
count = str(len(ids.split(",")))


def run(*command, env=None):
    done = subprocess.run(command, env={**os.environ, **(env or {})}, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    return done


def floats(path):
    values = array.array("f")
    values.frombytes(open(path, "rb").read())
    return values


def compare(what, model, env, decoded=None):
    # llama.cpp rounds the ends of YaRN's ramp, which gpt-oss does not.
    rounded = ["--override-kv", "gpt-oss.rope.scaling.yarn_truncate=bool:true"] if "gpt-oss" in model else []
    ours, theirs = f"{folder}/ours.f32", f"{folder}/theirs.f32"
    run(crescent, "logits", model, "--tokens", ids, "--out", ours, "--activations", "f32", "--kv-type", "f32", "--quiet", *rounded)
    loaded = subprocess.run([dump, decoded or model, theirs, count, ids], env={**os.environ, **env}, capture_output=True, text=True, errors="replace")
    if loaded.returncode != 0:
        reason = [line for line in (loaded.stdout + loaded.stderr).splitlines() if "error loading model" in line]
        print(f"{what:52} llama.cpp: {' '.join(reason)}", flush=True)
        return
    a, b = floats(ours), floats(theirs)
    assert len(a) == len(b), (len(a), len(b))
    vocab = len(a) // int(count)
    cosines = []
    for row in range(int(count)):
        x, y = a[row * vocab:(row + 1) * vocab], b[row * vocab:(row + 1) * vocab]
        cosines.append(sum(p * q for p, q in zip(x, y)) / math.sqrt(sum(p * p for p in x) * sum(q * q for q in y)))
    cosines.sort()
    worst = max(abs(p - q) for p, q in zip(a, b))
    print(f"{what:52} max difference {worst:.1e}  cosine median {cosines[len(cosines) // 2]:.6f} least {cosines[0]:.6f}", flush=True)


for preset, form, env in presets:
    name = f"{folder}/{preset}-{form}"
    run(crescent, "synth", preset, name, "--format", form, "--seed", "7", "--quiet")
    run(crescent, "convert", name, f"{name}.gguf", "--quiet")
    compare(f"{preset} ({form}), values kept", f"{name}.gguf", env)
    run(crescent, "convert", name, f"{name}-f32.gguf", "--type", "f32", "--quiet")
    compare(f"{preset} ({form}) to F32", f"{name}-f32.gguf", env)
    for kind in ("q8_0", "q4_k_m", "iq4_nl"):
        run(crescent, "quantize", f"{name}-f32.gguf", f"{name}-{kind}.gguf", "--type", kind, "--quiet")
        compare(f"{preset} ({form}) to {kind} by crescent", f"{name}-{kind}.gguf", env)
        run(quantize, "--allow-requantize", f"{name}-{kind}.gguf", f"{name}-decoded.gguf", "F32", "2")
        compare("  decoded by llama-quantize", f"{name}-{kind}.gguf", env, f"{name}-decoded.gguf")
    run(quantize, f"{name}-f32.gguf", f"{name}-theirs.gguf", "Q4_K_M", "2")
    compare(f"{preset} ({form}) to Q4_K_M by llama-quantize", f"{name}-theirs.gguf", env)
    run(quantize, "--allow-requantize", f"{name}-theirs.gguf", f"{name}-decoded.gguf", "F32", "2")
    compare("  decoded by llama-quantize", f"{name}-theirs.gguf", env, f"{name}-decoded.gguf")
