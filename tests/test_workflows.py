"""Workflows: the shipped ones, filling them in, checking them against a server, files."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from core.errors import CatalogError, InvalidRequest
from core.types import ImageOptions
from core.workflows import (
    BINDINGS,
    SOURCE_PLACEHOLDER,
    Bindings,
    Workflow,
    find_problems,
    import_workflow,
    load_workflows,
    save_workflow,
)
from core.workflows.graph import find_faults
from core.workflows.loading import SHIPPED
from core.workflows.saving import slug
from tests.workflow_kit import default_graph, imported, node, server_info, target

WORKFLOWS = load_workflows()
OPTIONS = ImageOptions(
    width=640,
    height=448,
    steps=12,
    cfg=5,
    sampler="dpmpp_2m",
    scheduler="karras",
    seed=2**53 - 1,
    batch=3,
    denoise=0.4,
)

every_workflow = pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=lambda w: w.id)
both_spellings = pytest.mark.parametrize("combo", [False, True], ids=["list", "COMBO"])


def filled(workflow: Workflow, **changed: Any) -> dict[str, Any]:
    given = {
        "prompt": "a cup",
        "negative": "text",
        "options": OPTIONS,
        "checkpoint": "mine.safetensors" if workflow.bindings.checkpoint else None,
        "source_name": SOURCE_PLACEHOLDER if workflow.needs_source else None,
    }
    return workflow.fill(**given | changed)


def theirs(tmp_path: Path, graph: dict[str, Any], **other: Any) -> Workflow:
    draft = imported(graph)
    given = {"id": "theirs", "label": "Theirs", "bindings": draft.bindings}
    return save_workflow(tmp_path / "workflows", draft, **given | other)


def values_of(graph: dict[str, Any], class_type: str) -> dict[str, Any]:
    (found,) = [node["inputs"] for node in graph.values() if node["class_type"] == class_type]
    return found


def test_the_shipped_workflows_stand_in_their_order() -> None:
    needs = {name: (w.needs_source, w.needs_checkpoint) for name, w in WORKFLOWS.items()}
    assert list(needs.items()) == [
        ("txt2img", (False, True)),
        ("img2img", (True, True)),
        ("no_model", (False, False)),
    ]


@every_workflow
def test_a_shipped_workflow_runs_on_a_plain_server_and_names_no_model(workflow: Workflow) -> None:
    assert find_faults(workflow.graph) == []
    assert workflow.problems(server_info()) == []
    assert workflow.unknown_inputs(server_info()) == []
    assert workflow.own_checkpoint is None
    assert ".safetensors" not in json.dumps(workflow.graph)


@every_workflow
def test_the_bindings_of_a_shipped_workflow_would_be_guessed(workflow: Workflow) -> None:
    data = (SHIPPED / workflow.id / "workflow.json").read_bytes()
    assert import_workflow(data).bindings == workflow.bindings


def test_every_value_of_a_request_reaches_its_node() -> None:
    graph = filled(WORKFLOWS["txt2img"])
    assert values_of(graph, "EmptyLatentImage") == {"width": 640, "height": 448, "batch_size": 3}
    assert values_of(graph, "CheckpointLoaderSimple") == {"ckpt_name": "mine.safetensors"}
    sampling = values_of(graph, "KSampler")
    links = {name: value for name, value in sampling.items() if isinstance(value, list)}
    assert {name: value for name, value in sampling.items() if name not in links} == {
        "seed": 2**53 - 1,
        "steps": 12,
        "cfg": 5.0,
        "sampler_name": "dpmpp_2m",
        "scheduler": "karras",
        "denoise": 1.0,
    }
    assert graph[links["positive"][0]]["inputs"]["text"] == "a cup"
    assert graph[links["negative"][0]]["inputs"]["text"] == "text"


def test_a_picture_to_start_from_is_scaled_repeated_and_partly_forgotten() -> None:
    graph = filled(WORKFLOWS["img2img"])
    assert values_of(graph, "LoadImage") == {"image": "{{source}}"}
    scaling = values_of(graph, "ImageScale")
    assert (scaling["width"], scaling["height"]) == (640, 448)
    assert (scaling["upscale_method"], scaling["crop"]) == ("lanczos", "center")
    assert values_of(graph, "RepeatLatentBatch")["amount"] == 3
    assert values_of(graph, "KSampler")["denoise"] == 0.4
    assert json.dumps(graph).count("{{source}}") == 1


def test_whole_numbers_are_sent_as_such_and_the_others_as_decimals() -> None:
    sampling = values_of(filled(WORKFLOWS["img2img"]), "KSampler")
    assert {name: type(sampling[name]) for name in ("seed", "steps", "cfg", "denoise")} == {
        "seed": int,
        "steps": int,
        "cfg": float,
        "denoise": float,
    }


def test_filling_in_leaves_the_workflow_as_it_was() -> None:
    before = json.dumps(WORKFLOWS["img2img"].graph)
    graph = filled(WORKFLOWS["img2img"])
    graph["3"]["inputs"]["positive"].append("spoilt")
    assert json.dumps(WORKFLOWS["img2img"].graph) == before


def test_what_a_request_leaves_open_stays_as_the_graph_has_it() -> None:
    workflow = WORKFLOWS["txt2img"]
    graph = filled(workflow, options=ImageOptions(seed=1))
    assert values_of(graph, "KSampler")["steps"] == workflow.defaults.steps == 25
    assert workflow.defaults.seed is None


def test_without_a_model_each_seed_makes_a_colour_of_its_own() -> None:
    colours = [
        values_of(filled(WORKFLOWS["no_model"], options=ImageOptions(seed=seed)), "EmptyImage")[
            "color"
        ]
        for seed in (*range(500), 2**53 - 1)
    ]
    assert len(set(colours)) == len(colours)
    assert all(0 <= colour <= 0xFFFFFF for colour in colours)
    assert sum(colour < 0x010000 for colour in colours) < 10  # not all nearly black


def test_a_seed_beyond_a_nodes_range_wraps_around(tmp_path: Path) -> None:
    draft = imported(default_graph())
    seeds = (target("3.seed").model_copy(update={"maximum": 2**32 - 1}),)
    bindings = draft.bindings.model_copy(update={"seed": seeds})
    workflow = theirs(tmp_path, default_graph(), bindings=bindings)
    small = filled(workflow, options=ImageOptions(seed=2**32 - 1))
    large = filled(workflow, options=ImageOptions(seed=2**32 + 5))
    assert values_of(small, "KSampler")["seed"] == 2**32 - 1
    assert values_of(large, "KSampler")["seed"] == 5


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize(
    ("missing", "argument"), [("source", "source_name"), ("checkpoint", "checkpoint")]
)
def test_what_is_missing_is_said_with_what_to_do(
    missing: str, argument: str, value: str | None
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        filled(WORKFLOWS["img2img"], **{argument: value})
    assert caught.value.details == {"workflow": "img2img", "missing": missing}
    assert "Image to image" in caught.value.message


def test_a_workflow_with_a_checkpoint_of_its_own_needs_none(tmp_path: Path) -> None:
    workflow = theirs(tmp_path, default_graph())
    assert (workflow.needs_checkpoint, workflow.own_checkpoint) == (False, "theirs.safetensors")
    kept = filled(workflow, checkpoint=None)
    assert values_of(kept, "CheckpointLoaderSimple")["ckpt_name"] == "theirs.safetensors"
    chosen = filled(workflow, checkpoint="mine.safetensors")
    assert values_of(chosen, "CheckpointLoaderSimple")["ckpt_name"] == "mine.safetensors"


def test_a_prompt_that_reads_like_the_placeholder_is_not_one() -> None:
    graph = filled(WORKFLOWS["img2img"], prompt=SOURCE_PLACEHOLDER, negative=SOURCE_PLACEHOLDER)
    values = [value for node in graph.values() for value in node["inputs"].values()]
    assert values.count(SOURCE_PLACEHOLDER) == 1


def test_files_are_named_for_their_request_or_as_is_asked() -> None:
    workflow = WORKFLOWS["txt2img"]

    def name(**changed: Any) -> str:
        return values_of(filled(workflow, **changed), "SaveImage")["filename_prefix"]

    assert name().startswith("sparklio/")
    assert name() == name() != name(prompt="another")
    assert name(file_name="0193ab") == "sparklio/0193ab"


def test_what_goes_nowhere_is_named() -> None:
    asked = {"prompt": "a cup", "negative": "text", "options": OPTIONS, "checkpoint": "x"}
    assert WORKFLOWS["img2img"].unused(**asked, source_name="x.png") == []
    assert WORKFLOWS["txt2img"].unused(**asked, source_name="x.png") == ["source", "denoise"]
    assert WORKFLOWS["no_model"].unused(**asked) == [
        "prompt",
        "negative",
        "checkpoint",
        "steps",
        "cfg",
        "sampler",
        "scheduler",
        "denoise",
    ]
    assert WORKFLOWS["no_model"].unused(options=ImageOptions(seed=1, width=64)) == []


def test_one_picture_is_what_any_workflow_makes(tmp_path: Path) -> None:
    graph = default_graph(n5=node("LatentFromSomewhere", latent="x"))
    workflow = theirs(tmp_path, graph)
    assert workflow.unused(options=ImageOptions(batch=1)) == []
    assert workflow.unused(options=ImageOptions(batch=2)) == ["batch"]


def test_defaults_leave_out_what_a_request_could_not_ask_for(tmp_path: Path) -> None:
    graph = default_graph(n5=node("EmptyLatentImage", width=8192, height=512, batch_size=1))
    workflow = theirs(tmp_path, graph)
    assert (workflow.defaults.width, workflow.defaults.height) == (None, 512)
    assert filled(workflow, options=ImageOptions())["5"]["inputs"]["width"] == 8192


@both_spellings
def test_a_server_without_the_model_is_told_with_node_and_model(
    tmp_path: Path, combo: bool
) -> None:
    graph = default_graph(
        n10=node("LoraLoader", title="Soft light", model=["4", 0], clip=["4", 1],
                 lora_name="gone.safetensors", strength_model=1, strength_clip=1),
        n11=node("VAELoader", vae_name="old_vae.pt"),
    )  # fmt: skip
    workflow = theirs(tmp_path, graph)
    info = server_info(checkpoints=["other.safetensors"], combo=combo)
    assert workflow.problems(info) == [
        "CheckpointLoaderSimple (node 4): this ComfyUI does not have 'theirs.safetensors' for "
        "ckpt_name.",
        "Soft light (node 10): this ComfyUI does not have 'gone.safetensors' for lora_name.",
        "VAELoader (node 11): this ComfyUI does not have 'old_vae.pt' for vae_name.",
    ]
    assert len(workflow.problems(info, checkpoint="other.safetensors")) == 2


@both_spellings
def test_a_server_without_any_checkpoint_is_told(combo: bool) -> None:
    (problem,) = WORKFLOWS["txt2img"].problems(server_info(checkpoints=[], combo=combo))
    assert problem == (
        "Checkpoint (node 4): this ComfyUI has nothing to choose from for ckpt_name."
    )


def test_a_missing_node_is_told_once_with_all_its_uses(tmp_path: Path) -> None:
    graph = default_graph(
        n20=node("FancyDetail", title="Faces"), n21=node("FancyDetail", title="Hands")
    )
    (problem,) = theirs(tmp_path, graph).problems(server_info())
    assert "no node 'FancyDetail', used by Faces (node 20), Hands (node 21)" in problem


def test_a_sampler_that_the_server_lacks_and_an_input_that_is_missing_are_told(
    tmp_path: Path,
) -> None:
    graph = default_graph()
    graph["3"]["inputs"] |= {"sampler_name": "secret"}
    del graph["3"]["inputs"]["denoise"]
    assert theirs(tmp_path, graph).problems(server_info()) == [
        "KSampler (node 3): its input 'denoise' is missing.",
        "KSampler (node 3): this ComfyUI does not have 'secret' for sampler_name.",
    ]


def test_a_filled_graph_is_checked_with_what_was_chosen() -> None:
    workflow = WORKFLOWS["img2img"]
    wrong = OPTIONS.model_copy(update={"scheduler": "secret"})
    graph = filled(workflow, checkpoint="gone.safetensors", options=wrong)
    told = find_problems(graph, server_info(), skipped=workflow.bindings.source)
    assert [problem.rpartition(" for ")[2] for problem in told] == ["ckpt_name.", "scheduler."]


def test_inputs_that_grow_are_neither_missing_nor_unknown(tmp_path: Path) -> None:
    graph = default_graph(n20=node("Batch", **{"images.image0": ["8", 0]}))
    info = server_info() | {"Batch": {"input": {"required": {"images": ["COMFY_AUTOGROW_V3"]}}}}
    workflow = theirs(tmp_path, graph)
    assert workflow.problems(info) == []
    assert workflow.unknown_inputs(info) == []


def test_an_input_that_the_server_does_not_know_is_told(tmp_path: Path) -> None:
    graph = default_graph()
    graph["3"]["inputs"]["turbo"] = 1
    workflow = theirs(tmp_path, graph)
    assert workflow.problems(server_info()) == []
    (told,) = workflow.unknown_inputs(server_info())
    assert told.startswith("KSampler (node 3): this ComfyUI does not know its input 'turbo'")


@pytest.mark.parametrize("info", [{"KSampler": None}, {"KSampler": {"input": [1]}}, {}])
def test_an_answer_in_no_known_form_breaks_nothing(info: dict[str, Any]) -> None:
    known = {node["class_type"] for node in WORKFLOWS["txt2img"].graph.values()}
    problems = WORKFLOWS["txt2img"].problems(info)
    assert len(problems) == len(known - set(info))


def test_a_choice_that_the_server_keeps_to_itself_is_let_through(tmp_path: Path) -> None:
    info = server_info()
    info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"] = ["COMBO", {"remote": {}}]
    assert theirs(tmp_path, default_graph()).problems(info) == []


def test_a_picture_in_a_folder_of_the_server_needs_not_be_in_its_list(tmp_path: Path) -> None:
    def problems(image: str) -> list[str]:
        loaders = {
            f"n{number}": node("LoadImage", image=image if number == 20 else "here.png")
            for number in (20, 21)  # of two neither is taken for the source
        }
        info = server_info()
        listed = [["here.png"], {"image_upload": True}]
        info["LoadImage"]["input"]["required"]["image"] = listed
        return theirs(tmp_path, default_graph(**loaders), replace=True).problems(info)

    assert problems("logos/mark.png") == []
    assert problems("mark.png [output]") == []
    assert len(problems("mark.png")) == 1


def test_a_saved_workflow_is_loaded_after_the_shipped_ones(tmp_path: Path) -> None:
    saved = theirs(tmp_path, default_graph(), id="Café: Poster #2", label='크리스마스 "포스터"\\')
    loaded = load_workflows([tmp_path / "workflows"])
    assert list(loaded) == [*WORKFLOWS, "caf_poster_2"]
    assert loaded["caf_poster_2"] == saved
    assert saved.label.ko == saved.label.en == '크리스마스 "포스터"\\'
    assert saved.graph == default_graph()
    assert sorted(path.name for path in (tmp_path / "workflows").iterdir()) == ["caf_poster_2"]


@pytest.mark.parametrize("label", ["a\x7fb\x01c", "]\n[x", "'''\"\"\"", "#{}\u2028", "\ud800"])
def test_no_label_can_break_the_file(tmp_path: Path, label: str) -> None:
    saved = theirs(tmp_path, default_graph(), label=label)
    assert load_workflows([tmp_path / "workflows"])["theirs"] == saved


@pytest.mark.parametrize("label", ["", " \n", "x" * 101])
def test_a_workflow_wants_a_name_for_people(tmp_path: Path, label: str) -> None:
    with pytest.raises(InvalidRequest, match="1 to 100 characters"):
        theirs(tmp_path, default_graph(), label=label)
    assert not (tmp_path / "workflows").exists()


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("/tmp/x", "tmp_x"),
        ("C:\\Windows", "c_windows"),
        ("..", "workflow_"),
        ("", "workflow_"),
        ("포스터", "workflow_"),
        ("3d", "w_3d"),
        (".hidden", "hidden"),
        ("x" * 300, "x" * 55),
    ],
)
def test_a_folders_name_cannot_lead_anywhere_else(tmp_path: Path, asked: str, made: str) -> None:
    saved = theirs(tmp_path, default_graph(), id=asked)
    assert saved.id.startswith(made)
    assert len(saved.id) <= 64
    assert (tmp_path / "workflows" / saved.id / "workflow.json").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["workflows"]


def test_different_korean_names_get_different_folders() -> None:
    assert slug("포스터") != slug("로고")


@pytest.mark.parametrize("name", ["txt2img", "TXT2IMG", "no model"])
def test_a_shipped_workflow_is_never_overwritten(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        theirs(tmp_path, default_graph(), id=name, replace=True)
    assert caught.value.details["reason"] == "shipped"
    assert not (tmp_path / "workflows").exists()


def test_a_name_that_is_taken_is_replaced_only_on_purpose(tmp_path: Path) -> None:
    theirs(tmp_path, default_graph(), label="First")
    with pytest.raises(InvalidRequest) as caught:
        theirs(tmp_path, default_graph(), label="Second")
    assert caught.value.details == {"reason": "taken", "workflow": "theirs"}
    assert load_workflows([tmp_path / "workflows"])["theirs"].label.en == "First"
    theirs(tmp_path, default_graph(), label="Third", replace=True)
    assert load_workflows([tmp_path / "workflows"])["theirs"].label.en == "Third"
    assert [path.name for path in (tmp_path / "workflows").iterdir()] == ["theirs"]


@pytest.mark.parametrize(
    ("bindings", "words"),
    [
        ({"prompt": ["99.text"]}, "prompt: the workflow has no node 99."),
        ({"seed": ["3.sead"]}, "seed: KSampler (node 3) has no input 'sead'."),
        (
            {"prompt": ["6.clip"]},
            "prompt: Positive (node 6): clip gets its value from another node.",
        ),
        ({"width": ["6.text"]}, "width: Positive (node 6): text does not hold a number."),
        ({"sampler": ["3.steps"]}, "sampler: KSampler (node 3): steps does not hold text."),
        (
            {"prompt": ["6.text"], "negative": ["6.text"]},
            "negative: Positive (node 6): text is taken already, by prompt.",
        ),
    ],
)
def test_bindings_that_do_not_fit_are_told_and_nothing_is_written(
    tmp_path: Path, bindings: dict[str, list[str]], words: str
) -> None:
    given = Bindings(**{name: tuple(map(target, places)) for name, places in bindings.items()})
    with pytest.raises(InvalidRequest) as caught:
        theirs(tmp_path, default_graph(), bindings=given)
    assert caught.value.details["problems"] == [words]
    assert not (tmp_path / "workflows").exists()


def test_every_binding_can_be_corrected_by_hand(tmp_path: Path) -> None:
    draft = imported(default_graph())
    bindings = Bindings(prompt=(target("7.text"), target("6.text")), seed=(target("3.seed"),))
    workflow = theirs(tmp_path, default_graph(), bindings=bindings)
    graph = filled(workflow, prompt="both")
    assert [graph[node]["inputs"]["text"] for node in ("6", "7")] == ["both", "both"]
    assert set(draft.choices) == set(BINDINGS)


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED / "txt2img", tmp_path / "poster")
    return tmp_path


def problems_in(folder: Path) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        load_workflows([folder])
    assert all(problem in caught.value.message for problem in caught.value.details["problems"])
    return caught.value.details["problems"]


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("manifest.toml", "order = 10", "order = ten", "line 1, column 9: Invalid value"),
        ("manifest.toml", "order = 10", "ordr = 10", "line 1, ordr: is not a key that is known"),
        (
            "manifest.toml",
            'node = "3", input = "seed"',
            'node = "33", input = "seed"',
            "bindings.seed[0]: the workflow has no node 33",
        ),
        ("manifest.toml", 'input = "cfg"', "input = 1", "bindings.cfg[0].input: Input should be"),
        ("workflow.json", '"class_type": "KSampler",', "", "Node 3 has no class_type."),
        ("workflow.json", '"cfg": 7.0', '"cfg": NaN', "The file is not JSON."),
    ],
)
def test_a_fault_in_a_file_is_told_with_file_and_place(
    data_folder: Path, file: str, old: str, new: str, words: str
) -> None:
    path = data_folder / "poster" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    (problem,) = problems_in(data_folder)
    assert problem.startswith(f"poster/{file}")
    assert words in problem


def test_a_file_that_is_missing_is_told(data_folder: Path) -> None:
    (data_folder / "poster" / "workflow.json").unlink()
    assert problems_in(data_folder) == [
        "poster/workflow.json: cannot be read: No such file or directory"
    ]


def test_one_bad_workflow_leaves_the_others_in_place_where_that_is_asked_for(
    data_folder: Path,
) -> None:
    shutil.copytree(SHIPPED / "no_model", data_folder / "broken")
    (data_folder / "broken" / "manifest.toml").write_text("label = 1")
    told: list[str] = []
    assert list(load_workflows([data_folder], problems=told)) == [*WORKFLOWS, "poster"]
    assert told
    assert all(problem.startswith("broken/manifest.toml") for problem in told)


def test_a_workflow_of_ones_own_cannot_take_a_shipped_ones_place(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / "no_model", tmp_path / "txt2img")
    told: list[str] = []
    loaded = load_workflows([tmp_path], problems=told)
    assert loaded["txt2img"].needs_checkpoint
    assert told == ["txt2img/: there is a workflow of this name already"]


def test_a_folder_that_is_not_there_has_no_workflows(tmp_path: Path) -> None:
    assert load_workflows([tmp_path / "nowhere", SHIPPED]) == WORKFLOWS
