"""Finding the texts behind a sampler's positive and negative input."""

import re
from collections.abc import Iterator

from core.workflows.graph import Graph, link_of, links_of, ordered

SAMPLING = re.compile(r"sampler|guider|scheduler|noise", re.IGNORECASE)
_ENCODING = re.compile(r"TextEncode", re.IGNORECASE)
_TEXTS = ("text", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "llama", "prompt")
_LITERALS = ("value", "string", "text", "int", "float", "number", "seed")
_POSITIVE = ("positive", "conditioning")
_NEGATIVE = ("negative",)
_SIDES = ("positive", "negative")
_ZEROED = "ConditioningZeroOut"
# What conditioning passes through besides: models and pixels lead to other people's texts.
_ELSEWHERE = re.compile(r"model|clip|vae|image|latent|pixel|sample|mask|control_net|noise|sigma")

Place = tuple[str, str]


def find_texts(graph: Graph) -> tuple[list[Place], list[Place], bool]:
    """Inputs (node, name) of the prompt and of the negative prompt.

    The last says whether a negative prompt is left empty on purpose, so that none can be set.
    """
    positive: list[Place] = []
    negative: list[Place] = []
    emptied = False
    for node_id in ordered(graph):
        if not SAMPLING.search(graph[node_id]["class_type"]):
            continue
        for found, names in ((positive, _POSITIVE), (negative, _NEGATIVE)):
            links = links_of(graph, node_id)
            for name in names:
                if name in links:
                    texts, zeroed = _behind(graph, links[name])
                    found += [place for place in texts if place not in found]
                    emptied = emptied or (zeroed and found is negative)
    # One text behind both is the prompt: the negative side only stands in for nothing.
    only_negative = [place for place in negative if place not in positive]
    return positive, only_negative, emptied or len(only_negative) < len(negative)


def literal_at(graph: Graph, node_id: str, name: str) -> Place | None:
    """The input that holds what `name` of a node gets: itself, or one of the node it links to."""
    for _ in range(len(graph)):
        value = graph[node_id]["inputs"].get(name)
        link = link_of(value)
        if link is None:
            return None if value is None or isinstance(value, dict) else (node_id, name)
        node_id = link[0]
        inputs = graph[node_id]["inputs"]
        name = next((other for other in _LITERALS if other in inputs), "")
    return None


def _behind(graph: Graph, link: tuple[str, int]) -> tuple[list[Place], bool]:
    """The texts that a conditioning comes from, and whether some of it is emptied."""
    found: list[Place] = []
    zeroed = False
    waiting, seen = [link], {link}
    while waiting:
        node_id, slot = waiting.pop(0)
        if graph[node_id]["class_type"] == _ZEROED:
            zeroed = True
        elif texts := list(_texts_of(graph, node_id)):
            found += texts
        else:
            onward = [step for step in _onward(graph, node_id, slot) if step not in seen]
            waiting += onward
            seen.update(onward)
    return found, zeroed


def _texts_of(graph: Graph, node_id: str) -> Iterator[Place]:
    inputs = graph[node_id]["inputs"]
    if not (_ENCODING.search(graph[node_id]["class_type"]) or "clip" in inputs):
        return
    for name in _TEXTS:
        place = literal_at(graph, node_id, name)
        if place and isinstance(graph[place[0]]["inputs"][place[1]], str):
            yield place


def _onward(graph: Graph, node_id: str, slot: int) -> Iterator[tuple[str, int]]:
    links = links_of(graph, node_id)
    if all(side in links for side in _SIDES):
        # Such a node (a ControlNet) gives out both sides in this order.
        yield links[_SIDES[1 if slot == 1 else 0]]
        return
    for name, link in links.items():
        if not _ELSEWHERE.search(name):
            yield link
