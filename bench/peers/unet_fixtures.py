"""What guided-diffusion's own U-Net makes of known weights: the reference numbers of `src/nn/unet.test.ts`.

Every number that goes in is a function of a name and an index (`numbers`), so that the fixture holds
only what comes out: names and shapes of the parameters, the output, and gradients of its mean square.

    pip install torch numpy
    git clone https://github.com/openai/guided-diffusion
    python bench/peers/unet_fixtures.py --guided-diffusion guided-diffusion > src/nn/fixtures/guided-diffusion.json
    npm run format
"""

import argparse
import json
import math
import sys
import zlib

import numpy as np

# Name: UNetModel's options, shape of the input, times.
CASES = {
    "residual blocks resample, embeddings scale and shift, 4 heads, old order": (
        dict(in_channels=3, model_channels=32, num_res_blocks=1, channel_mult=(1, 2),
             attention_resolutions=(2,), num_heads=4, use_scale_shift_norm=True,
             resblock_updown=True),
        (2, 3, 12, 8), (3.5, 700)),
    "convolutions resample, embeddings are added, heads of 16 channels, new order": (
        dict(in_channels=1, model_channels=32, num_res_blocks=1, channel_mult=(1, 2, 2),
             attention_resolutions=(1, 4), num_head_channels=16, use_new_attention_order=True),
        (2, 1, 8, 8), (0, 0)),
    "means and repeats resample, 2 blocks a level, 2 heads, new order, attention in the middle alone": (
        dict(in_channels=2, model_channels=32, num_res_blocks=2, channel_mult=(2, 3),
             attention_resolutions=(), num_heads=2, use_scale_shift_norm=True, conv_resample=False,
             use_new_attention_order=True),
        (2, 2, 4, 6), (12, 12)),
}

# The networks of `src/nn/presets.ts`: their numbers of parameters.
PRESETS = {
    "unet-s": dict(in_channels=1, model_channels=32, num_res_blocks=1, attention_resolutions=(2,),
                   channel_mult=(1, 2, 2)),
    "unet-64": dict(in_channels=1, model_channels=64, num_res_blocks=2, attention_resolutions=(2,),
                    channel_mult=(1, 2, 2)),
    "unet-m": dict(in_channels=3, model_channels=64, num_res_blocks=2, attention_resolutions=(2,),
                   channel_mult=(1, 2, 2, 2), num_heads=4, use_scale_shift_norm=True,
                   resblock_updown=True),
    "cifar10": dict(in_channels=3, model_channels=128, num_res_blocks=3,
                    attention_resolutions=(2, 4), channel_mult=(1, 2, 2, 2), num_heads=4,
                    use_scale_shift_norm=True, resblock_updown=True),
}


def numbers(name, shape):
    """Numbers in [-1, 1) that look random: a mixer of 32-bit integers over CRC-32 of the name."""
    z = np.arange(math.prod(shape), dtype=np.uint32) * np.uint32(0x9E3779B9)
    z += np.uint32(zlib.crc32(name.encode()))
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        z = (z ^ (z >> np.uint32(shift))) * np.uint32(factor)
    z ^= z >> np.uint32(16)
    return (z.astype(np.float64) / 2**31 - 1).reshape(shape)


def weights(name, shape):
    """Every parameter away from zero, those that start there included."""
    if len(shape) > 1:
        return numbers(name, shape) * math.sqrt(3 / math.prod(shape[1:]))
    return numbers(name, shape) * 0.3 + (1 if name.endswith("weight") else 0)


def run(build, options, shape, times):
    import torch

    model = build(options)
    tensor = lambda values: torch.from_numpy(values.astype(np.float32))
    model.load_state_dict({n: tensor(weights(n, tuple(p.shape))) for n, p in model.state_dict().items()})
    x = tensor(2 * numbers("x", shape)).requires_grad_()
    y = model(x, torch.tensor(times, dtype=torch.float32))
    y.square().mean().backward()
    parameters = {}
    for name, p in model.named_parameters():
        gradient = p.grad.double().numpy()
        parameters[name] = {"shape": list(p.shape), "norm": float(np.sqrt((gradient**2).sum())),
                            "probe": float((gradient * numbers(f"probe {name}", gradient.shape)).sum())}
    flat = lambda t: [float(f"{v:.7g}") for v in t.detach().flatten().tolist()]
    return {"shape": shape, "times": times, "output": flat(y), "inputGradient": flat(x.grad),
            "parameters": parameters}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--guided-diffusion", required=True, help="a clone of its repository")
    sys.path.insert(0, parser.parse_args().guided_diffusion)
    import torch
    from guided_diffusion.unet import UNetModel

    def build(options):
        # `image_size` is kept by UNetModel but never used.
        return UNetModel(image_size=None, out_channels=options["in_channels"], **options)

    counts = {name: sum(p.numel() for p in build(o).parameters()) for name, o in PRESETS.items()}
    cases = [{"name": name, **run(build, *case)} for name, case in CASES.items()]
    print(json.dumps({"torch": torch.__version__.split("+")[0], "counts": counts, "cases": cases}))


if __name__ == "__main__":
    main()
