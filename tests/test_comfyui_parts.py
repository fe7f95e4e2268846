"""The parts of the ComfyUI provider by themselves: graphs, frames, progress, rejections."""

import json
import struct
from typing import Any

import pytest

from core.errors import ModelNotFound, ProviderRejected
from core.media import Progress
from core.providers.comfyui.choices import options_of
from core.providers.comfyui.graph import Titles, prepared
from core.providers.comfyui.messages import Message, PreviewFrame, parse
from core.providers.comfyui.progress import JobWatch
from core.providers.comfyui.provider import root_address
from core.providers.comfyui.rejection import rejected
from core.types import Phase, PhaseChanged
from tests.comfyui_kit import TXT2IMG, graph_with

AT = "http://127.0.0.1:8188"
JPEG = b"\xff\xd8\xff\xe0 and so on"
SAVE = {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}
EMPTY = {"class_type": "EmptyImage", "inputs": {"width": 64}}


class TestGraph:
    def test_a_good_graph_goes_as_it_is(self):
        assert prepared(TXT2IMG) == TXT2IMG

    @pytest.mark.parametrize(
        ("graph", "word"),
        [
            (None, "no nodes"),
            ({}, "no nodes"),
            ([], "no nodes"),
            ({"1": None}, "no object"),
            ({"1": {"inputs": {}}}, "class_type"),
            ({"1": {"class_type": 5, "inputs": {}}}, "class_type"),
            ({"1": {"class_type": "SaveImage"}}, "no inputs"),
            ({"1": {"class_type": "SaveImage", "inputs": None}}, "no inputs"),
            ({"1": EMPTY, "9": {"class_type": "S", "inputs": {"images": [1, 0]}}}, "no link"),
            ({"1": EMPTY, "9": {"class_type": "S", "inputs": {"images": ["1"]}}}, "no link"),
            ({"1": EMPTY, "9": {"class_type": "S", "inputs": {"images": ["1", "0"]}}}, "no link"),
            ({"1": EMPTY, "9": {"class_type": "S", "inputs": {"images": ["1", -1]}}}, "no link"),
            ({"1": EMPTY, "9": {"class_type": "S", "inputs": {"images": ["7", 0]}}}, "'7'"),
            ({"1": {"class_type": "S", "inputs": {"cfg": float("nan")}}}, "NaN"),
            ({"1": {"class_type": "S", "inputs": {"cfg": float("inf")}}}, "NaN"),
            ({"1": {"class_type": "S", "inputs": {"a": {"b": [float("nan")]}}}}, "NaN"),
            ({"nodes": [{"id": 1}], "links": []}, "Export (API)"),
            (
                {
                    "1": {"class_type": "A", "inputs": {"x": ["2", 0]}},
                    "2": {"class_type": "B", "inputs": {"x": ["1", 0]}},
                },
                "circle",
            ),
        ],
    )
    def test_what_would_break_the_server_is_refused_with_the_reason(self, graph, word):
        with pytest.raises(ProviderRejected) as caught:
            prepared(graph)
        assert word in caught.value.message
        assert caught.value.provider == "comfyui"

    def test_the_source_takes_the_place_of_exactly_the_placeholder(self):
        graph = {
            "1": {"class_type": "LoadImage", "inputs": {"image": "{{source}}"}},
            "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a {{source}} b"}},
            "9": SAVE,
        }
        sent = prepared(graph, source_name="sub/a (1).png")
        assert sent["1"]["inputs"]["image"] == "sub/a (1).png"
        assert sent["2"]["inputs"]["text"] == "a {{source}} b"
        assert graph["1"]["inputs"]["image"] == "{{source}}"

    def test_a_placeholder_without_a_source_is_refused(self):
        graph = {"1": {"class_type": "LoadImage", "inputs": {"image": "{{source}}"}}}
        with pytest.raises(ProviderRejected, match="starts from a picture"):
            prepared(graph)

    def test_a_meta_that_is_no_object_is_left_out(self):
        assert "_meta" not in prepared({"1": EMPTY | {"_meta": None}})["1"]

    def test_titles_are_the_editors_else_the_class_else_the_id(self):
        titles = Titles(TXT2IMG)
        assert [titles.title(node) for node in ("3", "4", "55")] == [
            "Draw it",
            "CheckpointLoaderSimple",
            "55",
        ]
        assert titles.title("3.0.2") == titles.title("3:7") == "Draw it"


class TestFrames:
    @pytest.mark.parametrize(
        "frame",
        [
            "",
            "no json",
            "[]",
            "5",
            '{"data": {}}',
            '{"type": 5}',
            b"",
            b"\0\0\0\1\0\0\0\1",
            b"\0" * 9,
        ],
    )
    def test_what_makes_no_sense_is_nothing(self, frame):
        assert parse(frame) is None

    def test_data_that_is_no_object_is_empty(self):
        assert parse('{"type": "status", "data": [1]}') == Message("status", {})

    def test_nan_in_a_message_is_read(self):
        message = parse('{"type": "progress", "data": {"value": NaN}}')
        assert message.kind == "progress"

    def test_a_type_1_preview_does_not_say_whose_it_is(self):
        frame = parse(struct.pack(">II", 1, 1) + JPEG)
        assert frame == PreviewFrame(JPEG, "image/jpeg", None)

    def test_a_type_4_preview_does(self):
        about = json.dumps({"prompt_id": "p", "image_type": "image/jpeg"}).encode()
        frame = parse(struct.pack(">II", 4, len(about)) + about + JPEG)
        assert frame == PreviewFrame(JPEG, "image/jpeg", "p")

    @pytest.mark.parametrize("about", [b"{}", b"[]", b"nope", b'{"prompt_id": 5}'])
    def test_a_type_4_preview_of_nobody_is_dropped(self, about):
        assert parse(struct.pack(">II", 4, len(about)) + about + JPEG) is None

    def test_the_kind_is_read_from_the_bytes_not_from_what_is_said(self):
        png = b"\x89PNG\r\n\x1a\n"
        assert parse(struct.pack(">II", 1, 1) + png).mime == "image/png"
        assert parse(struct.pack(">II", 1, 1) + b"<script>") is None


def step(value: Any, maximum: Any = 4, node: str = "3", prompt_id: str = "p") -> Message:
    data = {"value": value, "max": maximum, "node": node, "prompt_id": prompt_id}
    return Message("progress", data)


class TestWatch:
    @pytest.fixture
    def watch(self) -> JobWatch:
        return JobWatch("p", Titles(TXT2IMG))

    async def test_other_peoples_steps_are_not_shown(self, watch):
        watch.hear(step(1, prompt_id="q"))
        watch.hear(Message("progress", {"value": 1, "max": 2, "node": "3"}))
        assert watch.take() == []

    @pytest.mark.parametrize("value", [None, "2", True, float("nan"), -1, 5])
    async def test_steps_that_make_no_sense_are_passed_over(self, watch, value):
        watch.hear(step(value))
        assert watch.take() == []

    async def test_a_step_back_is_not_shown(self, watch):
        for value in (1, 3, 2, 3):
            watch.hear(step(value))
        assert watch.take() == [Progress(value=3, maximum=4, node="Draw it")]
        watch.hear(step(2))
        assert watch.take() == []

    async def test_progress_and_progress_state_agree(self, watch):
        state = {"3": {"value": 2.0, "max": 4.0, "state": "running", "display_node_id": "3"}}
        watch.hear(step(2))
        watch.take()
        watch.hear(Message("progress_state", {"prompt_id": "p", "nodes": state}))
        assert watch.take() == []

    @pytest.mark.parametrize(
        "nodes", [None, [], {"3": None}, {"3": {}}, {"3": {"state": "running"}}]
    )
    async def test_a_state_of_another_shape_is_passed_over(self, watch, nodes):
        watch.hear(Message("progress_state", {"prompt_id": "p", "nodes": nodes}))
        assert watch.take() == []

    async def test_a_node_without_steps_is_told_by_its_name(self, watch):
        watch.hear(Message("executing", {"node": "8", "prompt_id": "p"}))
        assert watch.take() == [
            PhaseChanged(phase=Phase.DRAWING),
            Progress(value=0, maximum=0, node="VAEDecode"),
        ]

    async def test_the_node_told_after_a_reconnect_is_no_sign_of_life(self, watch):
        before = watch.last_sign
        watch.hear(Message("executing", {"node": "3"}))
        assert watch.last_sign == before
        assert watch.node == "3"

    async def test_executing_nothing_is_the_end(self, watch):
        watch.hear(Message("executing", {"node": None, "prompt_id": "q"}))
        assert not watch.ended
        watch.hear(Message("executing", {"node": None, "prompt_id": "p"}))
        assert watch.ended

    async def test_old_previews_count_only_while_this_job_is_the_one_that_runs(self, watch):
        frame = PreviewFrame(JPEG, "image/jpeg")
        watch.hear(frame)
        assert watch.take() == []
        watch.hear(Message("execution_start", {"prompt_id": "p"}))
        watch.hear(frame)
        assert len(watch.take()) == 1
        watch.hear(Message("executing", {"node": None, "prompt_id": "p"}))
        watch.hear(frame)
        assert watch.take() == []

    async def test_a_preview_of_another_job_is_not_shown(self, watch):
        watch.hear(Message("execution_start", {"prompt_id": "p"}))
        watch.hear(PreviewFrame(JPEG, "image/jpeg", "q"))
        assert watch.take() == []


def answer(kind: str, message: str, details: str = "", **extra: Any) -> dict[str, Any]:
    error = {"type": kind, "message": message, "details": details, "extra_info": extra}
    return {"error": error, "node_errors": {}}


class TestRejection:
    @pytest.mark.parametrize(
        ("said", "node"),
        [
            (
                answer(
                    "invalid_prompt",
                    "Cannot execute because node NopeNode does not exist.",
                    "Node ID '#1'",
                ),
                "NopeNode",
            ),
            (
                answer(
                    "missing_node_type",
                    "Node 'X Y' not found. The custom node may not be installed.",
                    class_type="X Y",
                ),
                "X Y",
            ),
        ],
    )
    def test_missing_nodes_are_named_in_both_versions_words(self, said, node):
        error = rejected(said, Titles({}), AT, 400)
        assert error.details["missing_nodes"] == [node]
        assert node in error.message

    @pytest.mark.parametrize("extra", [{}, {"received_value": "gone.safetensors"}])
    def test_a_missing_file_is_found_in_the_details_too(self, extra):
        details = "lora_name: 'gone.safetensors' not in (list of length 42)"
        fault = {"type": "value_not_in_list", "details": details, "extra_info": extra}
        said = answer("prompt_outputs_failed_validation", "failed") | {
            "node_errors": {"4": {"errors": [fault], "class_type": "LoraLoader"}}
        }
        error = rejected(said, Titles({}), AT, 400)
        assert isinstance(error, ModelNotFound)
        assert error.details["model"] == "gone.safetensors"

    def test_a_sampler_that_is_not_there_is_no_missing_model(self):
        details = "sampler_name: 'nope' not in (list of length 42)"
        fault = {"type": "value_not_in_list", "message": "Value not in list", "details": details}
        said = {"error": {}, "node_errors": {"3": {"errors": [fault]}}}
        error = rejected(said, Titles(graph_with()), AT, 400)
        assert type(error) is ProviderRejected
        assert "Draw it: Value not in list: sampler_name: 'nope'" in error.message

    def test_a_rejection_without_a_reason_names_the_likely_one(self):
        said = answer("prompt_outputs_failed_validation", "Prompt outputs failed validation")
        assert "circle" in rejected(said, Titles({}), AT, 400).message

    @pytest.mark.parametrize(
        "said", [{}, {"error": None}, {"error": {}, "node_errors": []}, {"node_errors": {"1": 5}}]
    )
    def test_an_answer_of_another_shape_is_a_rejection_all_the_same(self, said):
        assert type(rejected(said, Titles({}), AT, 400)) is ProviderRejected


@pytest.mark.parametrize(
    ("node", "found"),
    [
        ({"input": {"required": {"a": [["x", "y"], {}]}}}, ("x", "y")),
        ({"input": {"required": {"a": [["x"]]}}}, ("x",)),
        ({"input": {"optional": {"a": ["COMBO", {"options": ["x"]}]}}}, ("x",)),
        ({"input": {"required": {"a": ["COMBO", {"remote": {}}]}}}, ()),
        ({"input": {"required": {"a": ["INT", {"default": 0}]}}}, ()),
        ({"input": {"required": {"a": []}}}, ()),
        ({}, ()),
        (None, ()),
    ],
)
def test_choice_lists_are_read_in_every_spelling(node, found):
    assert options_of(node, "a") == found


@pytest.mark.parametrize(
    ("pasted", "root"),
    [
        ("http://a:8188", "http://a:8188"),
        ("http://a:8188/api", "http://a:8188"),
        ("http://a/comfy/api/prompt", "http://a/comfy"),
        ("http://a/comfy/", "http://a/comfy"),
        ("http://a/api-gateway", "http://a/api-gateway"),
    ],
)
def test_the_apis_own_path_is_taken_off_an_address(pasted, root):
    assert root_address(pasted) == root
