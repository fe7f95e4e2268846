"""Graphs as people export them, and what a server says of its nodes."""

import json
from typing import Any

from core.workflows import Bindings, Draft, Target, import_workflow

Graph = dict[str, Any]


def node(class_type: str, *, title: str = "", **inputs: Any) -> dict[str, Any]:
    meta = {"_meta": {"title": title}} if title else {}
    return {"class_type": class_type, "inputs": inputs, **meta}


def sampler(**inputs: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "seed": 156680208700286,
        "steps": 20,
        "cfg": 8,
        "sampler_name": "euler",
        "scheduler": "normal",
        "denoise": 1,
        "model": ["4", 0],
        "positive": ["6", 0],
        "negative": ["7", 0],
        "latent_image": ["5", 0],
    }
    return node("KSampler", **usual | inputs)


def default_graph(**other: Any) -> Graph:
    """ComfyUI's own default workflow, exported; `other` nodes by id, "n6" for node 6."""
    graph = {
        "3": sampler(),
        "4": node("CheckpointLoaderSimple", ckpt_name="theirs.safetensors"),
        "5": node("EmptyLatentImage", width=512, height=512, batch_size=1),
        "6": node("CLIPTextEncode", title="Positive", text="a cup", clip=["4", 1]),
        "7": node("CLIPTextEncode", title="Negative", text="text", clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", filename_prefix="ComfyUI", images=["8", 0]),
    }
    return graph | {name.removeprefix("n"): value for name, value in other.items()}


def flux_graph(**other: Any) -> Graph:
    """The custom sampler family: noise, guider, sampler and sigmas are nodes of their own."""
    graph = {
        "1": node("UNETLoader", title="Load Diffusion Model", unet_name="theirs_dit.safetensors"),
        "2": node("DualCLIPLoader", clip_name1="a.safetensors", clip_name2="b.safetensors"),
        "3": node("VAELoader", vae_name="ae.safetensors"),
        "4": node("CLIPTextEncodeFlux", clip=["2", 0], clip_l="cup", t5xxl="a cup", guidance=3.5),
        "5": node("FluxGuidance", conditioning=["4", 0], guidance=3.5),
        "6": node("BasicGuider", model=["1", 0], conditioning=["5", 0]),
        "7": node("RandomNoise", noise_seed=77),
        "8": node("KSamplerSelect", sampler_name="euler"),
        "9": node("BasicScheduler", model=["1", 0], scheduler="simple", steps=20, denoise=1),
        "10": node("EmptySD3LatentImage", width=1024, height=768, batch_size=2),
        "11": node(
            "SamplerCustomAdvanced",
            noise=["7", 0],
            guider=["6", 0],
            sampler=["8", 0],
            sigmas=["9", 0],
            latent_image=["10", 0],
        ),
        "12": node("VAEDecode", samples=["11", 0], vae=["3", 0]),
        "13": node("SaveImage", filename_prefix="Flux", images=["12", 0]),
    }
    return graph | {name.removeprefix("n"): value for name, value in other.items()}


def imported(graph: Any) -> Draft:
    return import_workflow(json.dumps(graph).encode())


def at(draft_or_bindings: Draft | Bindings, name: str) -> list[str]:
    """What a binding goes to, as "3.seed"."""
    given = draft_or_bindings
    bindings = given.bindings if isinstance(given, Draft) else given
    return [f"{target.node}.{target.input}" for target in bindings.of(name)]


def target(place: str) -> Target:
    node_id, _, name = place.partition(".")
    return Target(node=node_id, input=name)


def codes(draft: Draft) -> list[str]:
    return [note.code for note in draft.notes]


def server_info(*, checkpoints: list[str] | None = None, combo: bool = False) -> dict[str, Any]:
    """What a small server answers to /object_info; `combo` spells choices the newer way."""
    checkpoints = ["theirs.safetensors"] if checkpoints is None else checkpoints

    def choice(values: list[str], **options: Any) -> list[Any]:
        return ["COMBO", {"options": values, **options}] if combo else [values, options]

    size = {"width": ["INT", {}], "height": ["INT", {}], "batch_size": ["INT", {}]}
    inputs: dict[str, dict[str, Any]] = {
        "CheckpointLoaderSimple": {"ckpt_name": choice(checkpoints)},
        "CLIPTextEncode": {"text": ["STRING", {"multiline": True}], "clip": ["CLIP"]},
        "EmptyLatentImage": size,
        "EmptyImage": {**size, "color": ["INT", {}]},
        "KSampler": {
            "model": ["MODEL"],
            "seed": ["INT", {}],
            "steps": ["INT", {}],
            "cfg": ["FLOAT", {}],
            "sampler_name": choice(["euler", "dpmpp_2m"]),
            "scheduler": choice(["normal", "karras"]),
            "positive": ["CONDITIONING"],
            "negative": ["CONDITIONING"],
            "latent_image": ["LATENT"],
            "denoise": ["FLOAT", {}],
        },
        "VAEDecode": {"samples": ["LATENT"], "vae": ["VAE"]},
        "VAEEncode": {"pixels": ["IMAGE"], "vae": ["VAE"]},
        "RepeatLatentBatch": {"samples": ["LATENT"], "amount": ["INT", {}]},
        "ImageScale": {
            "image": ["IMAGE"],
            "upscale_method": choice(["nearest-exact", "lanczos"]),
            "width": ["INT", {}],
            "height": ["INT", {}],
            "crop": choice(["disabled", "center"]),
        },
        "LoadImage": {"image": choice([], image_upload=True)},
        "SaveImage": {"images": ["IMAGE"], "filename_prefix": ["STRING", {}]},
        "LoraLoader": {
            "model": ["MODEL"],
            "clip": ["CLIP"],
            "lora_name": choice(["soft.safetensors"]),
            "strength_model": ["FLOAT", {}],
            "strength_clip": ["FLOAT", {}],
        },
        "VAELoader": {"vae_name": choice(["ae.safetensors"])},
    }
    hidden = {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}
    return {
        name: {"input": {"required": required, "hidden": hidden}, "name": name}
        for name, required in inputs.items()
    }
