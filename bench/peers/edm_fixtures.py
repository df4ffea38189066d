"""What the networks of EDM (Karras et al. 2022) make of known noisy images: the reference numbers of
`src/model/pretrained/edm.test.ts`, and pickles in the layout in which that project publishes its own.

Weights are random, rounded to eight digits of their significands so that the files shrink; none is
zero, so that each of them matters. In place of the original's source, which its pickles carry, a line
stands that would raise an error if it were run.

    pip install torch numpy requests psutil pillow scipy
    git clone https://github.com/NVlabs/edm
    python bench/peers/edm_fixtures.py --edm edm --out src/model/pretrained/fixtures
    npm run format

`--full` makes the published configurations in place of the small ones, and `--out` is any folder then:

    python bench/peers/edm_fixtures.py --edm edm --full --out /tmp/edm
    npx tsx bench/published-full.ts /tmp/edm/edm.json
"""

import argparse
import functools
import gzip
import json
import os
import pickle
import sys

import torch

from pretrained_fixtures import flat, noisy, tensor

DDPMPP = dict(model_type="SongUNet", embedding_type="positional", encoder_type="standard",
              decoder_type="standard", channel_mult_noise=1, resample_filter=[1, 1])
NCSNPP = dict(model_type="SongUNet", embedding_type="fourier", encoder_type="residual",
              decoder_type="standard", channel_mult_noise=2, resample_filter=[1, 3, 3, 1])
ADM = dict(model_type="DhariwalUNet")
SMALL = dict(img_resolution=8, img_channels=3, num_blocks=1, attn_resolutions=[4])
SONG = dict(SMALL, model_channels=8, channel_mult=[2, 1], augment_dim=9, dropout=0.13)
# Three levels, of which the middle one attends.
WIDE = dict(SMALL, model_channels=8, channel_mult=[1, 2, 2], dropout=0.1)
FULL = dict(img_resolution=32, img_channels=3, model_channels=128, channel_mult=[2, 2, 2],
            augment_dim=9)

# Name: preconditioning, options of it and of its network. Those of CLASSES are under a class.
SMALL_CASES = {
    "edm-ddpmpp": ("EDMPrecond", dict(DDPMPP, **SONG)),
    "edm-ddpmpp-cond": ("EDMPrecond", dict(DDPMPP, label_dim=5, **SONG)),
    "edm-adm": ("EDMPrecond", dict(ADM, **WIDE)),
    "edm-adm-cond": ("EDMPrecond", dict(ADM, label_dim=5, augment_dim=9, **WIDE)),
    "edm-ncsnpp": ("EDMPrecond", dict(NCSNPP, **dict(SONG, channel_mult=[2, 1, 1]))),
    "edm-ncsnpp-cond": ("EDMPrecond", dict(NCSNPP, label_dim=5, **SONG)),
    "edm-skip": ("EDMPrecond", dict(NCSNPP, **dict(SONG, encoder_type="skip", decoder_type="skip",
                                                   channel_mult=[1, 2, 1]))),
    "edm-vp": ("VPPrecond", dict(DDPMPP, **dict(SONG, channel_mult=[1]))),
    "edm-iddpm-cond": ("iDDPMPrecond", dict(ADM, label_dim=5, **dict(WIDE, channel_mult=[1]))),
    "edm-ve": ("VEPrecond", dict(NCSNPP, **dict(SONG, channel_mult=[1, 1]))),
}
FULL_CASES = {
    "edm-cifar10-uncond-vp": ("EDMPrecond", dict(DDPMPP, **FULL)),
    "edm-cifar10-cond-vp": ("EDMPrecond", dict(DDPMPP, label_dim=10, **FULL)),
    "edm-cifar10-uncond-ve": ("EDMPrecond", dict(NCSNPP, **FULL)),
    "edm-ffhq-64x64-uncond-vp": ("EDMPrecond", dict(
        DDPMPP, **dict(FULL, img_resolution=64, channel_mult=[1, 2, 2, 2]))),
    "edm-ffhq-64x64-uncond-ve": ("EDMPrecond", dict(
        NCSNPP, **dict(FULL, img_resolution=64, channel_mult=[1, 2, 2, 2]))),
    "edm-imagenet-64x64-cond-adm": ("EDMPrecond", dict(
        ADM, img_resolution=64, img_channels=3, model_channels=192, channel_mult=[1, 2, 3, 4],
        label_dim=1000)),
}
LEVELS = (0.002, 0.05, 0.25, 1.3, 10)
STAND_IN = "raise RuntimeError('the source of a pickle is not to be run')\n"


def narrow_heads(networks, channels):
    """ADM's heads have 64 channels, more than the small networks: of those they have fewer."""
    original = networks.UNetBlock.__init__

    @functools.wraps(original)
    def create(self, *args, channels_per_head=64, **options):
        original(self, *args, channels_per_head=channels, **options)

    networks.UNetBlock.__init__ = create


def fill(model):
    """Weights of unit gain, norms about one and biases beside zero; filters stay what they are."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            values = torch.randn_like(p)
            if p.ndim > 1:
                values *= p[0].numel() ** -0.5
            else:
                values = 0.3 * values + (1 if "norm" in name and name.endswith("weight") else 0)
            p.copy_(values.bfloat16().float())
    return model.eval().requires_grad_(False)


def check_all_matter(net, denoise):
    """Zeros in place of any parameter are seen, but for what augmentation alone is told by."""
    made = denoise(0.25)
    for name, p in net.named_parameters():
        if "map_augment" in name:
            continue
        kept = p.clone()
        p.zero_()
        change = float((denoise(0.25) - made).abs().max())
        p.copy_(kept)
        assert change > 1e-4, f"{name} does not matter: {change}"


def contents(name, net, original):
    """What a training writes beside its network, in one of the files."""
    if name != "edm-ddpmpp":
        return dict(ema=net)
    loss, augment, easy = original
    return dict(ema=net, loss_fn=loss.EDMLoss(), augment_pipe=augment.AugmentPipe(p=0.12, xflip=1e8),
                dataset_kwargs=dict(path="images.zip"), more=easy(use_labels=False))


def make(name, kind, options, networks, original, out, is_full):
    torch.manual_seed(sum(map(ord, name)))
    net = fill(getattr(networks, kind)(**options))
    path = os.path.join(out, f"{name}.pkl" if is_full else f"{name}.pkl.gz")
    data = pickle.dumps(contents(name, net, original))
    with open(path, "wb") as file:
        file.write(data if is_full else gzip.compress(data, 9, mtime=0))
    shape = (1, options["img_channels"], options["img_resolution"], options["img_resolution"])
    label = 3 if options.get("label_dim") else None
    more = {} if label is None else dict(
        class_labels=torch.nn.functional.one_hot(torch.tensor([label]), options["label_dim"]))

    def denoise(sigma):
        y = 2 * tensor(noisy(sigma, shape)) - 1
        with torch.no_grad():
            return (net(y, torch.tensor([2 * sigma], dtype=torch.float64), **more) + 1) / 2

    if kind == "iDDPMPrecond":
        # It rounds to its steps.
        levels = [float(net.u[net.M - 1 - step]) / 2 for step in (50, 289, 700)]
    else:
        levels = [s for s in LEVELS if net.sigma_min <= 2 * s <= net.sigma_max]
    rows = [dict(sigma=s, output=flat(denoise(s))) for s in levels[is_full:]]
    if not is_full:
        check_all_matter(net, denoise)
    count = sum(p.numel() for p in net.parameters())
    return dict(name=name, shape=list(shape), label=label, parameters=count, levels=rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--edm", required=True, help="the folder of the clone")
    parser.add_argument("--out", required=True, help="the folder of the fixtures")
    parser.add_argument("--full", nargs="*", help="published configurations: all, or those named")
    options = parser.parse_args()
    sys.path.insert(0, options.edm)
    from dnnlib import EasyDict
    from torch_utils import persistence

    persistence._module_to_src = lambda _: STAND_IN
    from training import augment, loss, networks

    is_full = options.full is not None
    chosen = FULL_CASES if is_full else SMALL_CASES
    if options.full:
        chosen = {name: chosen[name] for name in options.full}
    if not is_full:
        narrow_heads(networks, 4)
    original = (loss, augment, EasyDict)
    cases = [make(name, *case, networks, original, options.out, is_full)
             for name, case in chosen.items()]
    with open(os.path.join(options.out, "edm.json"), "w") as file:
        json.dump({"torch": torch.__version__.split("+")[0], "cases": cases}, file)


if __name__ == "__main__":
    main()
