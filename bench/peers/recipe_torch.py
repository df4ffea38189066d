"""Paper A's recipe in PyTorch, the peer of `bench/recipe.ts`: held-out loss by processor time.

The U-Net of Dhariwal & Nichol 2021 in guided-diffusion's own code, Adagrad with a rate that rises
linearly, batches of 128 and a squared error, as in Saremi, Srivastava & Bach 2023; plain averaging
(EMA) is kept beside it. One thread. Each mode is tried for some seconds, the fastest trains.

    pip install torch numpy
    git clone https://github.com/openai/guided-diffusion
    npx tsx bench/recipe.ts --write parts '{"data":"mnist"}'
    python bench/peers/recipe_torch.py --guided-diffusion guided-diffusion --parts parts \
        --sigma 0.5 --seconds 3600

Prints a line of JSON at each measurement: processor seconds, images, loss of the last parameters
and of their average.
"""

import argparse
import json
import sys
import time

import numpy as np

MODES = {  # Name: channels last, compiled, bfloat16.
    "eager": (False, False, False),
    "channels-last": (True, False, False),
    "compiled": (False, True, False),
    "bfloat16": (True, False, True),
    "compiled-bfloat16": (False, True, True),
}


class Trainer:
    def __init__(self, mode, args, shape):
        import torch
        import guided_diffusion.unet as unet

        unet.checkpoint = lambda function, inputs, parameters, flag: function(*inputs)
        channels, size, _ = shape
        torch.manual_seed(args.seed)
        last, compiled, self.half = MODES[mode]
        self.layout = torch.channels_last if last else torch.contiguous_format
        self.model = unet.UNetModel(
            image_size=size, in_channels=channels, out_channels=channels,
            model_channels=args.channels, num_res_blocks=args.blocks,
            attention_resolutions=(2,), channel_mult=(1, 2, 2)).to(memory_format=self.layout)
        self.average = [p.detach().clone() for p in self.model.parameters()]
        self.forward = torch.compile(self.model) if compiled else self.model
        self.optimizer = torch.optim.Adagrad(self.model.parameters(), lr=args.rate, foreach=True)
        self.args, self.steps, self.torch = args, 0, torch
        self.when = torch.zeros(args.batch)

    def step(self, batch):
        torch, args = self.torch, self.args
        x = torch.from_numpy(batch).float().div_(255)
        if args.flip:
            turned = torch.rand(len(x)) < 0.5
            x[turned] = x[turned].flip(-1)
        x = x.to(memory_format=self.layout)
        noisy = x + args.sigma * torch.randn_like(x)
        self.steps += 1
        self.optimizer.param_groups[0]["lr"] = args.rate * min(1, self.steps / args.warmup)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            out = self.forward(noisy, self.when)
        loss = (x - out.float()).square().sum(dim=(1, 2, 3)).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        decay = min(args.ema, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, list(self.model.parameters()), 1 - decay)

    def loss(self, held_out, averaged):
        torch = self.torch
        parameters = list(self.model.parameters())
        kept = [p.detach().clone() for p in parameters]
        with torch.inference_mode(), torch.no_grad():
            if averaged:
                torch._foreach_copy_(parameters, self.average)
            noise = torch.Generator().manual_seed(0)
            total = 0.0
            for first in range(0, len(held_out), 100):
                x = torch.from_numpy(held_out[first:first + 100]).float().div_(255)
                noisy = x + self.args.sigma * torch.randn(x.shape, generator=noise)
                out = self.model(noisy.to(memory_format=self.layout), torch.zeros(len(x)))
                total += (x - out).square().sum().item()
            torch._foreach_copy_(parameters, kept)
        return total / len(held_out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--guided-diffusion", required=True, help="a clone of its repository")
    parser.add_argument("--parts", required=True, help="the folder that bench/recipe.ts --write made")
    parser.add_argument("--sigma", type=float, default=0.5)
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--blocks", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--warmup", type=int, default=5000)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--ema", type=float, default=0.999)
    parser.add_argument("--flip", action="store_true")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--every", type=float, default=120)
    parser.add_argument("--trial", type=float, default=20, help="seconds to try each mode for")
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    sys.path.insert(0, args.guided_diffusion)
    import torch

    torch.set_num_threads(1)
    training = np.load(f"{args.parts}/training.npy")
    held_out = np.load(f"{args.parts}/held-out.npy")
    random = np.random.default_rng(args.seed)

    def batch():
        return training[random.integers(0, len(training), args.batch)]

    rates = {}
    for mode in args.modes.split(","):
        trainer = Trainer(mode, args, training.shape[1:])
        for _ in range(2):
            trainer.step(batch())
        start, steps = time.process_time(), 0
        while time.process_time() - start < args.trial:
            trainer.step(batch())
            steps += 1
        rates[mode] = steps * args.batch / (time.process_time() - start)
    best = max(rates, key=rates.get)
    parameters = sum(p.numel() for p in trainer.model.parameters())
    print(json.dumps({"torch": torch.__version__, "parameters": parameters, "imagesPerSecond": rates,
                      "mode": best}), flush=True)

    trainer = Trainer(best, args, training.shape[1:])
    seconds, measured = 0.0, 0.0
    while seconds < args.seconds:
        start = time.process_time()
        trainer.step(batch())
        if trainer.steps > 1:  # The first compiles.
            seconds += time.process_time() - start
        if seconds - measured >= args.every or seconds >= args.seconds:
            measured = seconds
            print(json.dumps({"seconds": round(seconds), "images": trainer.steps * args.batch,
                              "last": trainer.loss(held_out, False),
                              "average": trainer.loss(held_out, True)}), flush=True)


if __name__ == "__main__":
    main()
