"""What published diffusion models' own code makes of known weights: the reference numbers of
`src/model/pretrained/*.test.ts`.

Every number that goes into OpenAI's networks is a function of a name and an index (`numbers`), so
that their fixture holds only names, shapes and what comes out. The folders of diffusers are as
`save_pretrained` writes them, with random weights in half precision.

    pip install torch numpy diffusers safetensors
    git clone https://github.com/openai/improved-diffusion
    git clone https://github.com/openai/guided-diffusion
    git clone https://github.com/openai/consistency_models
    python bench/peers/pretrained_fixtures.py --clones . --out src/model/pretrained/fixtures
    npm run format

`--large` makes folders of diffusers of published size instead, which need no clones:

    python bench/peers/pretrained_fixtures.py --large --out /tmp/large
    npx tsx bench/published-full.ts /tmp/large/expected.json
"""

import argparse
import json
import math
import os
import sys
import types

import numpy as np
import torch

from unet_fixtures import numbers, weights

NETWORK = dict(image_size=16, num_channels=32, num_res_blocks=1, attention_resolutions="8")


def tensor(values):
    return torch.from_numpy(np.ascontiguousarray(values).astype(np.float32))


def fill(model):
    """Sets weights by name."""
    state = {n: tensor(weights(n, tuple(p.shape))) for n, p in model.state_dict().items()}
    model.load_state_dict(state)
    return model.eval()


def flat(values):
    return [float(f"{v:.7g}") for v in values.detach().flatten().tolist()]


def noisy(sigma, shape):
    """Images [0, 1] with noise, at a level of these units."""
    return 0.5 + (0.5 + 2 * sigma) * numbers(f"y {sigma:.4g}", shape)


def between(noise, sigma):
    """The real step of a noise: linear in log σ."""
    return float(np.interp(math.log(sigma), np.log(noise), np.arange(len(noise))))


def case(name, model, denoise, levels, shape, **more):
    tensors = {n: list(p.shape) for n, p in model.state_dict().items()}
    rows = []
    for sigma, time in levels:
        y = noisy(sigma, shape)
        with torch.no_grad():
            rows.append(dict(sigma=sigma, time=time, output=flat(denoise(tensor(y), sigma, time))))
    return dict(name=name, shape=list(shape), tensors=tensors, levels=rows, **more)


def vp_levels(noise, steps, sigmas, unit):
    """Levels of whole steps, then levels between steps: (σ in [0, 1] units, time)."""
    whole = [(float(noise[t]) / 2, t * unit) for t in steps]
    return whole + [(s, between(noise, 2 * s) * unit) for s in sigmas]


def vp_denoise(diffusion, model, steps, unit, y=None):
    """Their own x₀ of z where the time is a whole step; their network and eq. 4 of DDPM between."""
    kwargs = {} if y is None else {"y": torch.full((1,), y)}

    def run(noised, sigma, time):
        own = 2 * sigma
        z = (2 * noised - 1) / math.sqrt(1 + own * own)
        step = time / unit
        if abs(step - round(step)) < 1e-9:
            out = diffusion.p_mean_variance(model, z, torch.tensor([round(step)]),
                                            clip_denoised=False, model_kwargs=kwargs)
            return (out["pred_xstart"] + 1) / 2
        epsilon = model(z, torch.tensor([time], dtype=torch.float32), **kwargs)[:, :3]
        return noised - sigma * epsilon

    return run


def openai_cases(clones):
    for name in ("improved-diffusion", "guided-diffusion", "consistency_models"):
        sys.path.insert(0, os.path.join(clones, name))
    shape = (1, 3, 16, 16)

    from improved_diffusion import script_util as improved

    options = improved.model_and_diffusion_defaults()
    options.update(NETWORK, learn_sigma=True, diffusion_steps=4000, noise_schedule="cosine")
    model, diffusion = with_levels(improved, "improved_diffusion", options)
    noise = np.sqrt((1 - diffusion.alphas_cumprod) / diffusion.alphas_cumprod)
    levels = vp_levels(noise, (300, 1158, 1983), (0.25, 1.3), 0.25)
    yield case("improved-diffusion", fill(model), vp_denoise(diffusion, model, 4000, 0.25), levels,
               shape)

    from guided_diffusion import script_util as guided

    options = guided.model_and_diffusion_defaults()
    options.update(NETWORK, learn_sigma=True, noise_schedule="cosine", class_cond=True,
                   num_head_channels=16, resblock_updown=True, use_new_attention_order=True,
                   channel_mult="1,2")
    guided.NUM_CLASSES = 10
    model, diffusion = guided.create_model_and_diffusion(**options)
    noise = np.sqrt((1 - diffusion.alphas_cumprod) / diffusion.alphas_cumprod)
    levels = vp_levels(noise, (100, 289), (0.25, 1.3), 1)
    yield case("guided-diffusion, classes", fill(model),
               vp_denoise(diffusion, model, 1000, 1, y=7), levels, shape, label=7)

    options.update(class_cond=False, noise_schedule="linear", use_new_attention_order=False)
    model, diffusion = guided.create_model_and_diffusion(**options)
    noise = np.sqrt((1 - diffusion.alphas_cumprod) / diffusion.alphas_cumprod)
    levels = vp_levels(noise, (20, 144, 258), (0.25,), 1)
    yield case("guided-diffusion, linear", fill(model), vp_denoise(diffusion, model, 1000, 1),
               levels, shape)

    yield edm_case(shape)


def with_levels(improved, package, options):
    """A network of two levels: their function knows only sizes of images that have four."""
    create = improved.UNetModel
    improved.UNetModel = lambda **o: create(**{**o, "channel_mult": (1, 2)})
    options = {**options, "image_size": 32, "attention_resolutions": "16"}
    try:
        return improved.create_model_and_diffusion(**options)
    finally:
        improved.UNetModel = create


def edm_case(shape):
    """Flash attention runs on a GPU alone: its channels (three, heads, size) in plain PyTorch."""
    # What its training alone needs.
    for name in ("piq", "mpi4py", "blobfile", "torchvision", "torchvision.transforms"):
        stub = types.ModuleType(name)
        stub.LPIPS = stub.MPI = stub.RandomCrop = lambda **_: None
        sys.modules.setdefault(name, stub)
    import cm.unet

    class Plain(torch.nn.Module):
        def __init__(self, _, heads):
            super().__init__()
            self.heads = heads

        def forward(self, qkv):
            b, c, n = qkv.shape
            q, k, v = qkv.reshape(b, 3, self.heads, c // 3 // self.heads, n).unbind(1)
            weight = torch.softmax(torch.einsum("bhct,bhcs->bhts", q, k) / math.sqrt(q.shape[2]), -1)
            return torch.einsum("bhts,bhcs->bhct", weight, v).reshape(b, -1, n)

    cm.unet.QKVFlashAttention = Plain
    from cm import script_util

    script_util.NUM_CLASSES = 10
    options = script_util.model_and_diffusion_defaults()
    options.update(NETWORK, class_cond=True, num_head_channels=16, resblock_updown=True,
                   channel_mult="1,2")
    model, diffusion = script_util.create_model_and_diffusion(**options)

    def denoise(noised, sigma, _):
        own = torch.tensor([2 * sigma], dtype=torch.float32)
        label = torch.full((1,), 3)
        return (diffusion.denoise(model, 2 * noised - 1, own, y=label)[1] + 1) / 2

    levels = [(s, 250 * math.log(2 * s)) for s in (0.05, 0.25, 1.3, 10)]
    return case("consistency_models, EDM", fill(model), denoise, levels, shape, label=3)


# Name: options of UNet2DModel, of the scheduler, its class, a class label.
DIFFUSERS = {
    "ddpm": (dict(downsample_padding=0, freq_shift=1, flip_sin_to_cos=False, norm_eps=1e-6,
                  attention_head_dim=None), {}, "DDPMScheduler", None),
    "resnet": (dict(down_block_types=["ResnetDownsampleBlock2D", "AttnDownBlock2D"],
                    up_block_types=["AttnUpBlock2D", "ResnetUpsampleBlock2D"],
                    downsample_type="resnet", upsample_type="resnet", attention_head_dim=4,
                    resnet_time_scale_shift="scale_shift", num_class_embeds=5, out_channels=6),
               dict(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction",
                    variance_type="learned_range"), "DDPMScheduler", 2),
    "sample": (dict(add_attention=False, down_block_types=["DownBlock2D", "DownBlock2D"],
                    up_block_types=["AttnUpBlock2D", "UpBlock2D"], attention_head_dim=4),
               dict(beta_schedule="scaled_linear", prediction_type="sample", beta_start=0.00085,
                    beta_end=0.012), "DDPMScheduler", None),
    "ncsnpp": (dict(down_block_types=["SkipDownBlock2D"] * 2, up_block_types=["SkipUpBlock2D"] * 2,
                    time_embedding_type="fourier", norm_num_groups=None, norm_eps=1e-6,
                    mid_block_scale_factor=math.sqrt(2), attention_head_dim=None),
               {}, "ScoreSdeVeScheduler", None),
}
# Of the kind of google/ncsnpp-celebahq-256, with attention, which small networks have not.
LARGE = {
    "large-ncsnpp": (dict(DIFFUSERS["ncsnpp"][0], sample_size=128, layers_per_block=2,
                          block_out_channels=[128, 128, 256, 256, 256, 256],
                          down_block_types=["SkipDownBlock2D"] * 3 + ["AttnSkipDownBlock2D"]
                          + ["SkipDownBlock2D"] * 2,
                          up_block_types=["SkipUpBlock2D"] * 2 + ["AttnSkipUpBlock2D"]
                          + ["SkipUpBlock2D"] * 3),
                     {}, "ScoreSdeVeScheduler", None),
}


def diffusers_case(name, out):
    import diffusers
    from diffusers import UNet2DModel

    options, scheduling, scheduler_class, label = {**DIFFUSERS, **LARGE}[name]
    torch.manual_seed(7)
    options = dict(dict(sample_size=8, block_out_channels=[8, 16], layers_per_block=1,
                        norm_num_groups=4, down_block_types=["DownBlock2D", "AttnDownBlock2D"],
                        up_block_types=["AttnUpBlock2D", "UpBlock2D"]), **options)
    model = UNet2DModel(**options).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_((p + 0.1 * torch.randn_like(p)).half().float())
    is_exploding = scheduler_class == "ScoreSdeVeScheduler"
    more = {} if is_exploding else dict(clip_sample=False)
    scheduler = getattr(diffusers, scheduler_class)(**more, **scheduling)
    folder = os.path.join(out, f"diffusers-{name}")
    model.half().save_pretrained(folder)
    model.float()
    scheduler.save_pretrained(folder)
    if name == "ddpm":
        old_names(folder, model)
    shape = (1, 3, options["sample_size"], options["sample_size"])
    if is_exploding:
        return exploding_case(f"diffusers-{name}", model, shape)
    noise = torch.sqrt((1 - scheduler.alphas_cumprod) / scheduler.alphas_cumprod).double().numpy()

    def denoise(noised, sigma, time):
        own = 2 * sigma
        z = (2 * noised - 1) / math.sqrt(1 + own * own)
        more = {} if label is None else {"class_labels": torch.tensor([label])}
        step = round(time) if abs(time - round(time)) < 1e-9 else time
        t = torch.tensor([step], dtype=torch.int64 if isinstance(step, int) else torch.float32)
        made = model(z, t, **more).sample
        if isinstance(step, int):
            scheduler.set_timesteps(scheduler.config.num_train_timesteps)
            return (scheduler.step(made, step, z).pred_original_sample + 1) / 2
        made = made[:, :3]
        a, b = 1 / math.sqrt(1 + own * own), own / math.sqrt(1 + own * own)
        clean = {"epsilon": (z - b * made) / a, "v_prediction": a * z - b * made, "sample": made}
        return (clean[scheduler.config.prediction_type] + 1) / 2

    levels = vp_levels(noise, (20, 144, 258), (0.25, 1.3), 1)
    # Real times are the network's alone: schedulers of diffusers know whole ones.
    result = case(f"diffusers-{name}", model, denoise, levels, shape, label=label)
    del result["tensors"]
    return result


def exploding_case(name, model, shape):
    """A network that gives the score of images in [0, 1] and is told their noise."""
    def denoise(noised, sigma, _):
        score = model(noised, torch.tensor([sigma], dtype=torch.float32)).sample
        return noised + sigma * sigma * score

    result = case(name, model, denoise, [(s, math.log(s)) for s in (0.02, 0.25, 1.3, 100)], shape)
    del result["tensors"]
    return result


def old_names(folder, model):
    """The same weights as a release before 0.17 wrote them, in a pickle."""
    names = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}
    state = {}
    for name, value in model.state_dict().items():
        for new, old in names.items():
            name = name.replace(new, old)
        state[name] = value.half().contiguous()
    torch.save(state, os.path.join(folder, "..", "diffusers-ddpm-old.bin"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clones", default=".", help="the folder of the clones")
    parser.add_argument("--large", action="store_true", help="networks of published size")
    parser.add_argument("--out", required=True, help="the folder of the fixtures")
    options = parser.parse_args()
    cases = [diffusers_case(n, options.out) for n in (LARGE if options.large else DIFFUSERS)]
    cases += [] if options.large else openai_cases(options.clones)
    with open(os.path.join(options.out, "expected.json"), "w") as file:
        json.dump({"torch": torch.__version__.split("+")[0], "cases": cases}, file)


if __name__ == "__main__":
    main()
