"""What pytorch-fid's own Inception makes of known weights, and small files that PyTorch wrote: the
references of `src/evaluate/inception/open.test.ts` and `src/data/torch-file.test.ts`.

Weights and images are functions of a name and an index (`numbers`), so that the fixture of features holds
only what comes out. Nothing is downloaded: the published weights are not needed.

    pip install torch torchvision pytorch-fid numpy
    python bench/peers/inception_fixtures.py
    npm run format
"""

import argparse
import json
import math
import pathlib
import zlib

import numpy as np
import torch
from pytorch_fid import inception as fid

# Shapes [n, channels, height, width]: enlarged, as the network takes them, gray and reduced in width.
CASES = ([2, 3, 32, 32], [1, 3, 299, 299], [1, 1, 20, 340])


def numbers(name, shape):
    """Numbers in [-1, 1) that look random: a mixer of 32-bit integers over CRC-32 of the name."""
    z = np.arange(math.prod(shape), dtype=np.uint32) * np.uint32(0x9E3779B9)
    z += np.uint32(zlib.crc32(name.encode()))
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        z = (z ^ (z >> np.uint32(shift))) * np.uint32(factor)
    z ^= z >> np.uint32(16)
    return (z.astype(np.float64) / 2**31 - 1).reshape(shape)


def weights(name, shape):
    """Uniform, of a size that keeps images as they are through convolution and rectifier."""
    values = numbers(name, shape)
    if len(shape) > 1:
        return values * math.sqrt(6 / math.prod(shape[1:]))
    return values * 0.3 + (1 if name.endswith(("running_var", "weight")) else 0)


def load_known_weights(url, progress):
    """In the place of the download: the same names and shapes, known numbers."""
    module = fid._inception_v3(num_classes=1008, aux_logits=False, weights=None)
    state = module.state_dict()
    return {name: torch.from_numpy(weights(name, tuple(value.shape)).astype(np.float32))
            if value.is_floating_point() else value for name, value in state.items()}


def features():
    fid.load_state_dict_from_url = load_known_weights
    model = fid.InceptionV3([fid.InceptionV3.BLOCK_INDEX_BY_DIM[2048]]).eval()
    cases = []
    for shape in CASES:
        images = torch.from_numpy((numbers(f"images {shape[2]}", shape) / 2 + 0.5).astype(np.float32))
        # pytorch-fid reads every image as RGB: a gray one is repeated.
        with torch.no_grad():
            (made,) = model(images.expand(-1, 3, -1, -1))
        cases.append({"shape": shape, "features": [float(f"{v:.6g}") for v in made.flatten().tolist()]})
    return {"torch": torch.__version__.split("+")[0], "cases": cases}


def save_small_files(folder):
    """A state_dict of every kind of tensor that is read, in both of PyTorch's formats."""
    state = torch.nn.BatchNorm1d(1, affine=False).state_dict()
    base = torch.arange(12, dtype=torch.float32) / 4
    state["base"] = base
    state["view"] = base[3:9].view(2, 3)
    state["turned"] = torch.arange(6, dtype=torch.float32).view(2, 3).t()
    state["repeated"] = torch.tensor([[1.5], [-2.5]]).expand(2, 3)
    state["half"] = torch.tensor([1, -0.5, 65504, 2**-24], dtype=torch.float16)
    state["brain"] = torch.tensor([1, -3.140625, 2.0**100], dtype=torch.bfloat16)
    state["counts"] = torch.tensor([[1, -2], [2**40, 3]])
    state["scalar"] = torch.tensor(0.125)
    state["parameter"] = torch.nn.Parameter(torch.tensor([7.0, 8.0]))
    torch.save(state, folder / "torch-zip.pth")
    torch.save(state, folder / "torch-legacy.pth", _use_new_zipfile_serialization=False)
    quantized = torch.quantize_per_tensor(torch.ones(2), 0.5, 0, torch.qint8)
    torch.save({"w": quantized}, folder / "torch-quantized.pth")
    torch.save(torch.nn.Linear(1, 1), folder / "torch-module.pth")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, default=pathlib.Path("src"))
    source = parser.parse_args().source
    torch.set_num_threads(1)
    save_small_files(source / "data/fixtures")
    (source / "evaluate/fixtures/inception.json").write_text(json.dumps(features()))


if __name__ == "__main__":
    main()
