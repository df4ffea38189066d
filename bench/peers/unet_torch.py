"""Training and inference speed of guided-diffusion's own U-Net in PyTorch, the peer of `npm run bench unet`.

The same four configurations, objective and optimizer (Adagrad), on random images: images per second
at the median call, for the best of eager, channels-last and compiled, in single precision and in
bfloat16. Recomputation in attention blocks, which their code always does, is switched off: it only
slows the peer. Prints one JSON object.

    pip install torch numpy
    git clone https://github.com/openai/guided-diffusion
    python bench/peers/unet_torch.py --guided-diffusion guided-diffusion [--configurations unet-s,unet-m]
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

# Name: image size, image channels, batch and UNetModel's options.
CONFIGURATIONS = {
    "unet-s": (28, 1, 32, dict(model_channels=32, num_res_blocks=1, attention_resolutions=(2,),
                               channel_mult=(1, 2, 2))),
    "unet-64": (28, 1, 32, dict(model_channels=64, num_res_blocks=2, attention_resolutions=(2,),
                                channel_mult=(1, 2, 2))),
    "unet-m": (32, 3, 16, dict(model_channels=64, num_res_blocks=2, attention_resolutions=(2,),
                               channel_mult=(1, 2, 2, 2), num_heads=4,
                               use_scale_shift_norm=True, resblock_updown=True)),
    "cifar10": (32, 3, 8, dict(model_channels=128, num_res_blocks=3, attention_resolutions=(2, 4),
                               channel_mult=(1, 2, 2, 2), num_heads=4,
                               use_scale_shift_norm=True, resblock_updown=True)),
}
# Each in single precision and, by autocast, in bfloat16.
LAYOUTS = ("eager", "channels-last", "compiled")
PRECISIONS = ("single", "bfloat16")
MODES = tuple(f"{layout}/{precision}" for precision in PRECISIONS for layout in LAYOUTS)


def build(name):
    import guided_diffusion.unet as unet

    unet.checkpoint = lambda function, inputs, parameters, flag: function(*inputs)
    size, channels, _, options = CONFIGURATIONS[name]
    return unet.UNetModel(image_size=size, in_channels=channels, out_channels=channels, **options)


def rate(run, batch, seconds):
    """Images per second of the median call, after a warm-up."""
    for _ in range(3):
        run()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return batch / statistics.median(times)


def measure(name, mode, threads, seconds):
    """One configuration in one mode, in this process alone: peak memory is the process's."""
    import torch

    layout_name, precision = mode.split("/")
    half = precision == "bfloat16"
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    size, channels, batch, _ = CONFIGURATIONS[name]
    layout = torch.channels_last if layout_name == "channels-last" else torch.contiguous_format
    model = build(name).to(memory_format=layout)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=1e-3, foreach=True)
    forward = torch.compile(model) if layout_name == "compiled" else model
    x = torch.randn(batch, channels, size, size).to(memory_format=layout)
    when = torch.zeros(batch)

    def train():
        noisy = x + 0.5 * torch.randn_like(x)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            out = forward(noisy, when)
        loss = (x - out.float()).square().sum(dim=(1, 2, 3)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def infer():
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            forward(x, when)

    model.train()
    train_rate = rate(train, batch, seconds)
    model.eval()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"torch": torch.__version__, "parameters": sum(p.numel() for p in model.parameters()),
            "train": train_rate, "infer": rate(infer, batch, seconds), "trainGiB": peak}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--guided-diffusion", required=True, help="a clone of its repository")
    parser.add_argument("--configurations", default=",".join(CONFIGURATIONS))
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    sys.path.insert(0, args.guided_diffusion)
    if args.one is not None:
        print(json.dumps(measure(*args.one.split(","), args.threads, args.seconds)))
        return
    import torch

    report = {}
    for name in args.configurations.split(","):
        modes = {}
        for mode in args.modes.split(","):
            run = subprocess.run([sys.executable, *sys.argv, "--one", f"{name},{mode}"],
                                 capture_output=True, text=True)
            done = run.returncode == 0
            lines = (run.stdout if done else run.stderr).strip().splitlines()
            modes[mode] = json.loads(lines[-1]) if done else {"error": lines[-1]}
        def best(precision, key):
            return max((m[key] for mode, m in modes.items()
                        if mode.endswith(precision) and key in m), default=None)

        report[name] = {"batch": CONFIGURATIONS[name][2], "modes": modes, "version": torch.__version__,
                        **{precision: {key: best(precision, key) for key in ("train", "infer")}
                           for precision in PRECISIONS}}
        print(name, report[name], file=sys.stderr)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
