"""Samples of a model in the box by the authors' own walk (repository nnaisense/mems) in PyTorch.

The network is `digits-l`, the weights those of the model `mnist`: the same M-density, walked by the
code that paper A and paper B were made with, from their start. Writes the jumps, for the same
distances as ours; prints one JSON object: score calls, seconds, processor seconds.

    pip install torch numpy safetensors
    npx mdensity export --model mnist --out mnist.safetensors
    python bench/peers/mems_sampler.py path/to/mems mnist.safetensors --measurements 4 --out jumps.npy
    npx mdensity evaluate --samples jumps.npy --data mnist --metrics fd,kid,pr
"""

import argparse
import json
import time

import numpy as np
import torch
from digits_torch import Digits
from mems_walks import load
from safetensors.torch import load_file


class GpsModel:
    """What the authors' walk asks of a model: the score of the M-density, here by GPS.

    y is [chains, M, 1, 28, 28], each measurement at noise sigma = effective * sqrt(M).
    """

    device = "cpu"

    def __init__(self, network, effective, measurements):
        self.network, self.effective = network, effective
        self.measurements, self.calls = measurements, 0
        self.sigma = effective * measurements**0.5

    def xhat(self, y):
        with torch.inference_mode():
            return self.network(y.mean(dim=1))

    def score(self, y):
        self.calls += len(y)
        return (self.xhat(y).unsqueeze(1) - y) / self.sigma**2


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mems", help="a clone of nnaisense/mems")
    parser.add_argument("weights", help="the model mnist as safetensors")
    parser.add_argument("--effective-sigma", type=float, default=0.5)
    parser.add_argument("--measurements", type=int, default=4)
    parser.add_argument("--friction", type=float, default=1 / 64, help="times the step: gamma delta")
    parser.add_argument("--chains", type=int, default=100)
    parser.add_argument("--burn-in", type=int, default=100)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--jump-every", type=int, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    network = Digits(outer=48, inner=96)
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), load_file(args.weights).values(), strict=True):
            parameter.copy_(value)
    model = GpsModel(network.eval(), args.effective_sigma, args.measurements)
    walk = load(args.mems).underdamped
    start = torch.rand(args.chains, 1, 1, 28, 28).repeat(1, args.measurements, 1, 1, 1)
    y = start + model.sigma * torch.randn_like(start)
    v = torch.zeros_like(y)
    delta = model.sigma / 2
    # As papers A and B walk: a step of half a noise level, unit mass.
    options = {"delta": delta, "friction": args.friction / delta, "lipschitz": 1.0}
    began, processor = time.perf_counter(), time.process_time()
    y, v = walk(model, y, v, {**options, "steps": args.burn_in})
    jumps = []
    for _ in range(args.draws):
        y, v = walk(model, y, v, {**options, "steps": args.jump_every})
        jumps.append(model.xhat(y).numpy())
    seconds, cores = time.perf_counter() - began, time.process_time() - processor
    np.save(args.out, np.concatenate(jumps).clip(0, 1))
    print(json.dumps({"torch": torch.__version__, "scoreCalls": model.calls, "seconds": seconds,
                      "processorSeconds": cores, "callsPerProcessorSecond": model.calls / cores}))


if __name__ == "__main__":
    main()
