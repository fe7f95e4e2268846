"""Guessing where a request's values go in a graph that somebody else made."""

import re
from collections.abc import Sequence

from pydantic import JsonValue

from core.workflows.bindings import Bindings, Target, takes
from core.workflows.conditioning import SAMPLING, Place, find_texts, literal_at
from core.workflows.graph import Graph, links_of, ordered, title_of, upstream
from core.workflows.notes import Note

_SAMPLED: dict[str, tuple[str, ...]] = {
    "seed": ("seed", "noise_seed"),
    "steps": ("steps",),
    "cfg": ("cfg",),
    "sampler": ("sampler_name",),
    "scheduler": ("scheduler",),
    "denoise": ("denoise",),
}
_SIZED = {
    "width": ("width",),
    "height": ("height",),
    "batch": ("batch_size", "amount"),
}
_EMPTY = re.compile(r"^Empty.*(Latent|Image)", re.IGNORECASE)
_SCALING = re.compile(r"^(ImageScale|ImageResize|ResizeImage)", re.IGNORECASE)
_REPEATING = re.compile(r"^Repeat(Latent|Image)Batch$", re.IGNORECASE)
_LOADER = "LoadImage"
_CHECKPOINT = re.compile(r"checkpoint", re.IGNORECASE)
_LARGEST_COLOUR = 0xFFFFFF


class _Guess:
    """One graph being looked at: what was found, and what is to be said about it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.order = ordered(graph)
        self.found: dict[str, list[Target]] = {}
        self.notes: list[Note] = []
        self.samplers = [node for node in self.order if self._samples(node)]

    def add(self, name: str, places: Sequence[Place]) -> None:
        """Bind `name` to each of `places` that holds a value of its kind."""
        for node_id, input_name in places:
            target = Target(node=node_id, input=input_name)
            fits = takes(name, self.graph[node_id]["inputs"][input_name])
            if fits and target not in self.found.get(name, []):
                self.found.setdefault(name, []).append(target)

    def note(self, code: str, **values: str) -> None:
        """Remark something."""
        self.notes.append(Note(code, values))

    def nodes(self, pattern: re.Pattern[str]) -> list[str]:
        """The nodes of a class, in the order in which they run."""
        return [node for node in self.order if pattern.search(self.graph[node]["class_type"])]

    def places(self, nodes: Sequence[str], names: Sequence[str]) -> list[Place]:
        """The inputs of `nodes` that are called one of `names`, each where its value stands."""
        found = (literal_at(self.graph, node, name) for node in nodes for name in names)
        return [place for place in found if place]

    def value(self, place: Place) -> JsonValue:
        """What stands at a place."""
        return self.graph[place[0]]["inputs"][place[1]]

    def _samples(self, node_id: str) -> bool:
        """Whether pictures come out of this node: the first is the one that begins them."""
        return bool({"latent_image", "latent"} & links_of(self.graph, node_id).keys()) and bool(
            SAMPLING.search(self.graph[node_id]["class_type"])
        )


def guess_bindings(graph: Graph) -> tuple[Bindings, list[Note]]:
    """The likely bindings of a checked graph, and what a person should know about them."""
    guess = _Guess(graph)
    _guess_texts(guess)
    _guess_sources(guess)
    _guess_sampling(guess)
    _guess_size(guess)
    _guess_checkpoint(guess)
    for name in ("prompt", "seed", "size", "batch"):
        if ("width" if name == "size" else name) not in guess.found:
            guess.note(f"no_{name}")
    return Bindings(**{name: tuple(targets) for name, targets in guess.found.items()}), guess.notes


def _guess_texts(guess: _Guess) -> None:
    positive, negative, emptied = find_texts(guess.graph)
    guess.add("prompt", positive)
    guess.add("negative", negative)
    if not negative:
        guess.note("negative_is_empty" if emptied else "no_negative")


def _guess_sources(guess: _Guess) -> None:
    """The picture that the sampling starts from, else the only one that is loaded."""
    loaders = [node for node in guess.order if guess.graph[node]["class_type"] == _LOADER]
    begun = [node for node in loaders if any(node in _begin(guess, s) for s in guess.samplers[:1])]
    chosen = begun if len(begun) == 1 else loaders
    if len(chosen) == 1:
        guess.add("source", [(chosen[0], "image")])
    elif chosen:
        guess.note("several_sources")


def _begin(guess: _Guess, sampler: str) -> set[str]:
    """Everything behind what a sampler starts from."""
    links = links_of(guess.graph, sampler)
    begins = [links[name][0] for name in ("latent_image", "latent") if name in links]
    return {node for begin in begins for node in upstream(guess.graph, begin)}


def _guess_sampling(guess: _Guess) -> None:
    nodes = guess.nodes(SAMPLING)
    differs = False
    for name, inputs in _SAMPLED.items():
        places = guess.places(nodes, inputs)
        if name == "denoise":
            # Without a source it would only make half-finished pictures.
            places = places if _starts_from_source(guess) else []
        if name != "seed" and places:
            same = [place for place in places if guess.value(place) == guess.value(places[0])]
            differs = differs or len(same) < len(places)
            places = same
        guess.add(name, places)
    if differs:
        first = (guess.samplers or nodes)[0]
        guess.note("several_samplers", title=title_of(guess.graph, first))


def _starts_from_source(guess: _Guess) -> bool:
    sources = {target.node for target in guess.found.get("source", [])}
    return any(sources & _begin(guess, sampler) for sampler in guess.samplers[:1])


def _guess_size(guess: _Guess) -> None:
    """Where pictures begin: an empty one, else the source scaled and repeated."""
    begun = set().union(*(_begin(guess, sampler) for sampler in guess.samplers[:1]))
    for pattern in (_EMPTY, _SCALING):
        nodes = guess.nodes(pattern)
        nodes = [node for node in nodes if node in begun] or ([] if begun else nodes)
        for name in ("width", "height"):
            if name not in guess.found:
                guess.add(name, guess.places(nodes[:1], _SIZED[name]))
    nodes = [*guess.nodes(_EMPTY), *guess.nodes(_REPEATING)]
    nodes = [node for node in nodes if node in begun] or ([] if begun else nodes)
    guess.add("batch", guess.places(nodes[:1], _SIZED["batch"]))
    colours = guess.places(guess.nodes(_EMPTY), ["color"])
    if "seed" not in guess.found and colours:
        # Without any noise the colour is what a seed can change.
        node, name = colours[0]
        colour = Target(node=node, input=name, maximum=_LARGEST_COLOUR, spread=True)
        guess.found["seed"] = [colour]


def _guess_checkpoint(guess: _Guess) -> None:
    loaders = guess.places(guess.nodes(_CHECKPOINT), ["ckpt_name"])
    first = upstream(guess.graph, guess.samplers[0]) if guess.samplers else set()
    loaders.sort(key=lambda place: place[0] not in first)
    same = [place for place in loaders if guess.value(place) == guess.value(loaders[0])]
    guess.add("checkpoint", same)
    if len(same) < len(loaders):
        guess.note("several_checkpoints", title=title_of(guess.graph, same[0][0]))
    for node_id, name in guess.places(guess.order, ["unet_name"]):
        model = str(guess.value((node_id, name)))
        guess.note("not_a_checkpoint", title=title_of(guess.graph, node_id), model=model)
