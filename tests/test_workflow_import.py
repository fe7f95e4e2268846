"""Importing a workflow: what is refused and why, and what is guessed of the rest."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidRequest
from core.workflows import describe, import_workflow
from core.workflows.graph import MOST_NODES
from core.workflows.notes import SENTENCES
from core.workflows.reading import DEEPEST, LARGEST_FILE
from tests.workflow_kit import (
    at,
    codes,
    default_graph,
    flux_graph,
    imported,
    node,
    sampler,
)

EDITOR_FORMAT = {
    "last_node_id": 9,
    "nodes": [{"id": 3, "type": "KSampler", "inputs": []}],
    "links": [[1, 4, 0, 3, 0, "MODEL"]],
    "version": 0.4,
}


def refusal(data: bytes | dict[str, Any]) -> InvalidRequest:
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    with pytest.raises(InvalidRequest) as caught:
        import_workflow(data)
    return caught.value


def faults_of(graph: dict[str, Any]) -> list[str]:
    refused = refusal(graph)
    assert refused.details["reason"] == "faults"
    return refused.details["problems"]


@pytest.mark.parametrize("document", [EDITOR_FORMAT, {"prompt": EDITOR_FORMAT}])
def test_the_editors_format_is_refused_with_the_way_to_the_right_one(document: Any) -> None:
    refused = refusal(document)
    assert refused.details == {"reason": "editor_format"}
    for words in ("Workflow → Export (API)", "developer mode", "Save (API format)"):
        assert words in refused.message


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "picture"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "picture"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "picture"),
        (b"PK\x03\x04" + bytes(50), "zip"),
        (b"\x1f\x8b\x08" + bytes(50), "zip"),
        (b'{"3": ' + b" " * LARGEST_FILE, "too_large"),
        ('{"3": "커피"}'.encode("cp949"), "not_utf8"),
        ('{"3": 1}'.encode("utf-16"), "not_utf8"),
        (b"{'3': 1}", "not_json"),
        (b'{"3": 1', "not_json"),
        (b"[" * 100_000, "too_deep"),
        (b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2), "too_deep"),
        (b"[]", "not_a_workflow"),
        (b"null", "not_a_workflow"),
        (b"{}", "not_a_workflow"),
        (b'{"prompt": {}}', "not_a_workflow"),
        (b'{"name": "playground", "version": 1}', "not_a_workflow"),
    ],
)
def test_what_is_no_workflow_is_refused_for_what_it_is(data: bytes, reason: str) -> None:
    refused = refusal(data)
    assert refused.details["reason"] == reason
    assert refused.message.endswith((".", "is."))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 30, "9" * 5000])
def test_numbers_that_json_or_the_server_cannot_hold_are_refused(number: str) -> None:
    text = json.dumps(default_graph()).replace('"cfg": 8', f'"cfg": {number}')
    assert refusal(text.encode()).details["reason"] == "not_json"


def test_the_largest_seed_of_comfyui_is_kept() -> None:
    draft = imported(default_graph(n3=sampler(seed=2**64 - 1)))
    assert draft.graph["3"]["inputs"]["seed"] == 2**64 - 1


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"n3": "KSampler"}, "Node 3 is not an object with class_type and inputs."),
        ({"n3": None}, "Node 3 is not an object with class_type and inputs."),
        ({"n3": {"inputs": {}}}, "Node 3 has no class_type."),
        ({"n3": {"class_type": 3, "inputs": {}}}, "Node 3 has no class_type."),
        (
            {"n3": {"class_type": "KSampler"}},
            "Node 3 has no inputs; a node without any has an empty object there.",
        ),
        (
            {"n3": {"class_type": "KSampler", "inputs": None}},
            "Node 3 has no inputs; a node without any has an empty object there.",
        ),
        ({"n ": node("Note")}, "A node has an empty id."),
        (
            {"n3": sampler(model=["44", 0])},
            "Node 3 (KSampler), input model: it links to node 44, which is not there.",
        ),
        *(
            (
                {"n3": sampler(model=link)},
                'Node 3 (KSampler), input model: a link must be ["node id", output number].',
            )
            for link in ([4, 0], ["4"], ["4", "0"], ["4", -1], ["4", True], ["4", 0.0], [])
        ),
        (
            {"n4": node("CheckpointLoaderSimple", ckpt_name=["8", 0])},
            "The nodes 4 → 3 → 8 → 4 go round in a circle.",
        ),
        (
            {"n9": node("Note", images=["8", 0])},
            "No node puts out a picture; add a Save Image node at the end.",
        ),
    ],
)
def test_what_breaks_a_server_is_refused_and_said(broken: dict[str, Any], fault: str) -> None:
    told = faults_of(default_graph(**broken))
    if "circle" in fault:  # where it is entered does not matter
        assert told[0].startswith("The nodes ")
        assert told[0].endswith("go round in a circle.")
        assert {"3", "4", "8"} <= set(told[0])
    else:
        assert told == [fault]


def test_a_node_that_links_to_itself_is_a_circle() -> None:
    (told,) = faults_of(default_graph(n3=sampler(latent_image=["3", 0])))
    assert told == "The nodes 3 → 3 go round in a circle."


def test_many_faults_are_not_all_listed() -> None:
    told = faults_of({str(number): {"class_type": "X"} for number in range(25)})
    assert len(told) == 11
    assert told[-1] == "… and 15 more."


def test_a_workflow_may_have_so_many_nodes_and_no_more() -> None:
    fill = {f"n{number}": node("Note") for number in range(100, 100 + MOST_NODES - 7)}
    assert len(imported(default_graph(**fill)).graph) == MOST_NODES
    (told,) = faults_of(default_graph(**fill, n99=node("Note")))
    assert told == f"The workflow has {MOST_NODES + 1} nodes, at most {MOST_NODES} are allowed."


def test_a_long_chain_of_nodes_is_followed_to_its_end() -> None:
    chain = {
        f"n{number}": node("Reroute", conditioning=[str(number + 1), 0])
        for number in range(100, 800)
    }
    graph = default_graph(n3=sampler(positive=["100", 0]), **chain, n800=default_graph()["6"])
    assert at(imported(graph), "prompt") == ["800.text"]


def test_a_byte_order_mark_and_half_characters_do_no_harm() -> None:
    text = json.dumps(default_graph(n6=node("CLIPTextEncode", text="\ud83d cup", clip=["4", 1])))
    draft = import_workflow(b"\xef\xbb\xbf" + text.encode())
    assert draft.graph["6"]["inputs"]["text"] == "\ufffd cup"


def test_only_class_inputs_and_title_of_a_node_are_kept() -> None:
    extra = {**node("Note", title="Hi"), "is_changed": ["x"], "_meta": {"title": "Hi", "x": 1}}
    odd = {**node("Note"), "_meta": "none"}
    draft = imported(default_graph(n20=extra, n21=odd))
    assert draft.graph["20"] == node("Note", title="Hi")
    assert draft.graph["21"] == node("Note")


def test_a_whole_request_to_the_server_is_taken_for_its_workflow() -> None:
    draft = imported({"client_id": "x", "prompt": default_graph()})
    assert draft.graph == default_graph()
    assert codes(draft) == ["unwrapped"]


def test_a_node_with_the_id_prompt_is_just_a_node() -> None:
    assert codes(imported(default_graph(nprompt=node("Note")))) == []


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    assert refusal(data).message


any_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["3", "5", "6", "8", "9"]), any_json))
def test_any_node_at_all_is_imported_or_refused_in_words(nodes: dict[str, Any]) -> None:
    try:
        assert imported(default_graph() | nodes).graph
    except InvalidRequest as error:
        assert error.details["problems"]  # noqa: PT017 - most examples are refused, some are not


@given(st.dictionaries(st.sampled_from(["seed", "positive", "latent_image", "x"]), any_json))
def test_any_input_at_all_is_imported_or_refused_in_words(inputs: dict[str, Any]) -> None:
    try:
        assert imported(default_graph(n3=sampler(**inputs))).graph
    except InvalidRequest as error:
        assert error.details["problems"]  # noqa: PT017


def test_the_default_workflow_is_understood_whole() -> None:
    draft = imported(default_graph())
    found = {name: at(draft, name) for name in draft.choices if at(draft, name)}
    assert found == {
        "prompt": ["6.text"],
        "negative": ["7.text"],
        "checkpoint": ["4.ckpt_name"],
        "seed": ["3.seed"],
        "width": ["5.width"],
        "height": ["5.height"],
        "steps": ["3.steps"],
        "cfg": ["3.cfg"],
        "sampler": ["3.sampler_name"],
        "scheduler": ["3.scheduler"],
        "batch": ["5.batch_size"],
    }
    assert draft.notes == ()


def test_prompt_and_negative_follow_the_links_and_not_the_order_of_nodes() -> None:
    draft = imported(default_graph(n3=sampler(positive=["7", 0], negative=["6", 0])))
    assert (at(draft, "prompt"), at(draft, "negative")) == (["7.text"], ["6.text"])


def test_choices_show_every_input_of_the_kind_with_the_guess_first() -> None:
    draft = imported(default_graph())
    shown = [describe(draft.graph, choice) for choice in draft.choices["negative"]]
    assert shown[0] == "Negative (node 7): text"
    assert set(shown[1:]) == {
        "KSampler (node 3): sampler_name",
        "KSampler (node 3): scheduler",
        "CheckpointLoaderSimple (node 4): ckpt_name",
        "Positive (node 6): text",
        "SaveImage (node 9): filename_prefix",
    }
    numbers = [describe(draft.graph, choice) for choice in draft.choices["denoise"]]
    assert "KSampler (node 3): denoise" in numbers
    assert len(numbers) == 7


def test_the_custom_sampler_family_is_understood() -> None:
    draft = imported(flux_graph())
    found = {name: at(draft, name) for name in draft.choices if at(draft, name)}
    assert found == {
        "prompt": ["4.clip_l", "4.t5xxl"],
        "seed": ["7.noise_seed"],
        "width": ["10.width"],
        "height": ["10.height"],
        "steps": ["9.steps"],
        "sampler": ["8.sampler_name"],
        "scheduler": ["9.scheduler"],
        "batch": ["10.batch_size"],
    }
    assert codes(draft) == ["no_negative", "not_a_checkpoint"]
    assert draft.notes[1].sentence == (
        "Load Diffusion Model loads theirs_dit.safetensors, which is not a checkpoint. The "
        "workflow always uses that model."
    )


def test_a_guider_with_cfg_gives_negative_and_cfg() -> None:
    draft = imported(
        flux_graph(
            n6=node("CFGGuider", model=["1", 0], positive=["5", 0], negative=["20", 0], cfg=4.5),
            n20=node("CLIPTextEncode", clip=["2", 0], text="blurry"),
        )
    )
    assert (at(draft, "negative"), at(draft, "cfg")) == (["20.text"], ["6.cfg"])


@pytest.mark.parametrize(
    "negative",
    [
        {"n7": node("ConditioningZeroOut", conditioning=["6", 0])},
        {"n3": sampler(negative=["6", 0])},
    ],
    ids=["zeroed", "same text"],
)
def test_a_negative_that_stands_in_for_nothing_is_not_taken_for_one(
    negative: dict[str, Any],
) -> None:
    draft = imported(default_graph(**negative))
    assert (at(draft, "prompt"), at(draft, "negative")) == (["6.text"], [])
    assert codes(draft) == ["negative_is_empty"]


def test_texts_are_found_behind_what_steers_them() -> None:
    steer = node(
        "ControlNetApplyAdvanced",
        positive=["6", 0],
        negative=["7", 0],
        control_net=["21", 0],
        image=["22", 0],
        strength=1,
    )
    draft = imported(
        default_graph(
            n3=sampler(positive=["20", 0], negative=["20", 1]),
            n20=steer,
            n21=node("ControlNetLoader", control_net_name="edges.safetensors"),
            n22=node("LoadImage", image="pose.png"),
        )
    )
    assert (at(draft, "prompt"), at(draft, "negative")) == (["6.text"], ["7.text"])
    assert at(draft, "source") == ["22.image"]
    assert at(draft, "denoise") == []


def test_two_texts_that_are_joined_both_get_the_prompt() -> None:
    draft = imported(
        default_graph(
            n3=sampler(positive=["20", 0]),
            n20=node("ConditioningCombine", conditioning_1=["6", 0], conditioning_2=["21", 0]),
            n21=node("CLIPTextEncode", text="soft light", clip=["4", 1]),
        )
    )
    assert at(draft, "prompt") == ["6.text", "21.text"]


def test_values_that_come_from_nodes_of_their_own_are_bound_there() -> None:
    draft = imported(
        default_graph(
            n3=sampler(seed=["20", 0]),
            n5=node("EmptyLatentImage", width=["21", 0], height=512, batch_size=1),
            n6=node("CLIPTextEncode", text=["22", 0], clip=["4", 1]),
            n20=node("PrimitiveInt", value=5),
            n21=node("PrimitiveInt", value=640),
            n22=node("PrimitiveStringMultiline", value="a cup"),
        )
    )
    assert at(draft, "seed") == ["20.value"]
    assert at(draft, "width") == ["21.value"]
    assert at(draft, "prompt") == ["22.value"]


def img2img_graph(**other: Any) -> dict[str, Any]:
    graph = default_graph(
        n3=sampler(denoise=0.55, latent_image=["12", 0]),
        n10=node("LoadImage", image="example.png"),
        n11=node(
            "ImageScale",
            image=["10", 0],
            upscale_method="lanczos",
            width=768,
            height=512,
            crop="center",
        ),
        n12=node("VAEEncode", pixels=["11", 0], vae=["4", 2]),
        **other,
    )
    del graph["5"]
    return graph


def test_a_workflow_that_starts_from_a_picture_takes_source_size_and_denoise() -> None:
    draft = imported(img2img_graph())
    assert at(draft, "source") == ["10.image"]
    assert (at(draft, "width"), at(draft, "height")) == (["11.width"], ["11.height"])
    assert at(draft, "denoise") == ["3.denoise"]
    assert codes(draft) == ["no_batch"]


def test_of_several_pictures_the_one_sampled_from_is_the_source() -> None:
    beside = node("LoadImage", image="style.png")
    user = node("IPAdapter", model=["4", 0], image=["20", 0])
    draft = imported(img2img_graph(n20=beside, n21=user))
    assert at(draft, "source") == ["10.image"]
    neither = imported(default_graph(n20=beside, n21=beside))
    assert at(neither, "source") == []
    assert "several_sources" in codes(neither)


def test_a_second_pass_keeps_its_own_steps_and_shares_the_seed() -> None:
    second = sampler(latent_image=["20", 0], steps=10, denoise=0.5)
    draft = imported(
        default_graph(
            n8=node("VAEDecode", samples=["21", 0], vae=["4", 2]),
            n20=node("LatentUpscaleBy", samples=["3", 0], scale_by=1.5),
            n21=second,
        )
    )
    assert at(draft, "seed") == ["3.seed", "21.seed"]
    assert at(draft, "cfg") == ["3.cfg", "21.cfg"]
    assert at(draft, "steps") == ["3.steps"]
    assert at(draft, "denoise") == []
    assert codes(draft) == ["several_samplers"]


def test_base_and_refiner_only_offer_the_bases_checkpoint() -> None:
    refine = node(
        "KSamplerAdvanced",
        noise_seed=1,
        steps=20,
        cfg=8,
        sampler_name="euler",
        scheduler="normal",
        model=["20", 0],
        positive=["6", 0],
        negative=["7", 0],
        latent_image=["3", 0],
        start_at_step=16,
    )
    refiner = node("CheckpointLoaderSimple", ckpt_name="refiner.safetensors")
    graph = {"20": refiner} | default_graph(n21=refine)
    draft = imported(graph)
    assert at(draft, "checkpoint") == ["4.ckpt_name"]
    assert at(draft, "seed") == ["3.seed", "21.noise_seed"]
    assert at(draft, "steps") == ["3.steps", "21.steps"]
    assert codes(draft) == ["several_checkpoints"]


def test_what_was_not_found_is_said() -> None:
    draft = imported(
        {"1": node("LoadVideo", file="x"), "2": node("SaveVideo", filename_prefix="x")}
    )
    assert codes(draft) == ["no_negative", "no_prompt", "no_seed", "no_size", "no_batch"]


def test_every_remark_has_its_sentence() -> None:
    graphs = [default_graph(), flux_graph(), img2img_graph(), {"prompt": default_graph()}]
    for graph in graphs:
        for note in imported(graph).notes:
            assert note.code in SENTENCES
            assert "{" not in note.sentence
