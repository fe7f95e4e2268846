"""What a person should know about an imported workflow."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SENTENCES: Mapping[str, str] = {
    "unwrapped": 'The file holds more than a workflow; only its part "prompt" was taken.',
    "no_prompt": "No input for the prompt was found. Choose it below, or every picture will "
    "be of what is written in the workflow.",
    "no_negative": "No input for a negative prompt was found.",
    "negative_is_empty": "The workflow uses no negative prompt, so there is none to fill in.",
    "no_seed": "No seed was found. Without one the server gives back the same picture again.",
    "no_size": "No input for the size was found; pictures have the workflow's own.",
    "no_batch": "No input for the number of pictures was found; a run makes as many as the "
    "workflow says.",
    "not_a_checkpoint": "{title} loads {model}, which is not a checkpoint. The workflow always "
    "uses that model.",
    "several_checkpoints": "The workflow uses several checkpoints; only that of {title} can be "
    "chosen.",
    "several_sources": "The workflow loads several pictures. Choose which is the one to start "
    "from.",
    "several_samplers": "The workflow samples several times. Steps, CFG and the like go to "
    "{title} and to those set as it is.",
}


@dataclass(frozen=True)
class Note:
    """One remark: `code` is stable, `values` are what stands in its sentence."""

    code: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The remark in English; pages translate `SENTENCES[code]` and fill in `values`."""
        return SENTENCES[self.code].format(**self.values)
