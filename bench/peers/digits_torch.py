"""Training and inference speed of the `digits` network in PyTorch, the peer of `npm run bench train`.

The same network, objective, optimizer and moving average, on random images: images per second at
the median call, for the best of eager, channels-last and compiled. Prints one JSON object.

    pip install torch numpy
    python bench/peers/digits_torch.py [--batch 64] [--threads 2] [--seconds 10]
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F


class ResidualBlock(nn.Module):
    def __init__(self, channels, groups=8):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        return x + self.conv2(F.silu(self.norm2(h)))


class Digits(nn.Module):
    """2x2 patches, 32 channels at 14x14, 64 at 7x7, 2 + 3 + 2 residual blocks, additive skip.

    With 48 and 96 channels it is `digits-l`. Parameters are in the order of mdensity's files.
    """

    def __init__(self, sigma=0.5, outer=32, inner=64):
        super().__init__()
        self.sigma = sigma
        self.inlet = nn.Conv2d(4, outer, 3, padding=1)
        self.down = nn.Sequential(ResidualBlock(outer), ResidualBlock(outer))
        self.downsample = nn.Conv2d(outer, inner, 3, padding=1)
        self.middle = nn.Sequential(*(ResidualBlock(inner) for _ in range(3)))
        self.upsample = nn.Conv2d(inner, outer, 3, padding=1)
        self.up = nn.Sequential(ResidualBlock(outer), ResidualBlock(outer))
        self.norm = nn.GroupNorm(8, outer)
        self.outlet = nn.Conv2d(outer, 4, 3, padding=1)
        nn.init.zeros_(self.outlet.weight)
        nn.init.zeros_(self.outlet.bias)

    def forward(self, z):
        h = self.down(self.inlet(F.pixel_unshuffle(z, 2)))
        inner = self.middle(self.downsample(F.avg_pool2d(h, 2)))
        h = self.up(h + F.interpolate(self.upsample(inner), scale_factor=2, mode="nearest"))
        out = self.outlet(F.silu(self.norm(h)))
        return F.pixel_shuffle(out, 2)


def rate(run, batch, seconds):
    """Images per second of the median call, after a warm-up."""
    for _ in range(5):
        run()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return batch / statistics.median(times)


def measure(mode, batch, seconds):
    torch.manual_seed(0)
    layout = torch.channels_last if mode == "channels-last" else torch.contiguous_format
    model = Digits().to(memory_format=layout)
    average = [p.detach().clone() for p in model.parameters()]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, foreach=True)
    forward = torch.compile(model) if mode == "compiled" else model
    images = torch.randint(0, 256, (batch, 1, 28, 28), dtype=torch.uint8)

    def train():
        x = (images.float() / 255).to(memory_format=layout)
        z = x + model.sigma * torch.randn_like(x)
        loss = (x - forward(z)).square().sum(dim=(1, 2, 3)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(average, list(model.parameters()), 0.01)

    noisy = torch.randn(100, 1, 28, 28).to(memory_format=layout)

    def infer():
        with torch.inference_mode():
            forward(noisy)

    return {"train": rate(train, batch, seconds), "infer": rate(infer, 100, seconds)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    modes = {}
    for mode in ("eager", "channels-last", "compiled"):
        try:
            modes[mode] = measure(mode, args.batch, args.seconds)
        except Exception as error:  # a compiler may be missing
            modes[mode] = {"error": str(error).splitlines()[0]}
    done = [m for m in modes.values() if "train" in m]
    best = {key: max(m[key] for m in done) for key in ("train", "infer")}
    parameters = sum(p.numel() for p in Digits().parameters())
    print(json.dumps({"torch": torch.__version__, "parameters": parameters, "batch": args.batch,
                      "imagesPerSecond": best, "modes": modes}))


if __name__ == "__main__":
    main()
