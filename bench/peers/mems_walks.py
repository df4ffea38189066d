"""Steps of the walks in the authors' code (repository nnaisense/mems), on one fixed noise sequence.

Makes `src/sample/fixtures/mems.json`, which the tests of the kernels are compared with. Needs a
checkout of that repository; its own functions are called, with `torch.randn` replaced by the noise.

    pip install torch
    python bench/peers/mems_walks.py path/to/mems > src/sample/fixtures/mems.json
"""

import importlib
import json
import math
import sys
import types
from pathlib import Path

import torch

STEPS, SHAPE = 6, (2, 3)
OPTIONS = {"delta": 0.4, "friction": 0.9, "lipschitz": 1.25, "steps": STEPS}
MEANS, VARIANCES = [0.5, -1.0, 2.0], [1.0, 0.3, 2.5]


def load(root):
    """The module with the walks. What it imports for training is not installed and not needed."""
    for name in ("omegaconf", "pytorch_lightning", "mems", "mems.archs", "mems.utils"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["omegaconf"].DictConfig = sys.modules["omegaconf"].read_write = object
    sys.modules["pytorch_lightning"].LightningModule = object
    sys.modules["mems.archs"].get_arch = sys.modules["mems.utils"].get_optimizer = None
    sys.modules["mems"].__path__ = [str(Path(root) / "src" / "mems")]
    return importlib.import_module("mems.mem").MEM


class Walker:
    """What the walks ask of a model: the score of a Gaussian."""

    device = "cpu"

    def score(self, y):
        return (torch.tensor(MEANS, dtype=y.dtype) - y) / torch.tensor(VARIANCES, dtype=y.dtype)


def sequence(offset):
    count = STEPS * math.prod(SHAPE)
    values = [2 * math.sin(1.7 * (i + offset) ** 1.3) for i in range(count)]
    return torch.tensor(values, dtype=torch.float64).reshape(STEPS, *SHAPE)


def main():
    model = load(sys.argv[1])
    first, second = sequence(1), sequence(1001)
    start = {"y": sequence(2001)[0], "v": sequence(3001)[0]}
    each = iter(first)
    torch.randn_like = lambda y: next(each)
    both = iter((first, second))
    torch.randn = lambda *shape: next(both)
    walks = {}
    for name in ("underdamped", "chengetal"):
        y, v = getattr(model, name)(Walker(), start["y"].clone(), start["v"].clone(), OPTIONS)
        walks[name] = {"y": y.tolist(), "v": v.tolist()}
    fixture = {"options": OPTIONS, "means": MEANS, "variances": VARIANCES, "noise": [first.tolist(), second.tolist()],
               "start": {key: value.tolist() for key, value in start.items()}, "end": walks}
    print(json.dumps(fixture))


if __name__ == "__main__":
    main()
