"""ModelCard: what a network that is handed on must say of itself (Mitchell et al. 2019, "Model cards")."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from mien.analysis.metrics import Evaluation

WITHHELD = "withheld"

INTENDED = (
    "Research and teaching on facial-expression recognition, non-commercial.",
    "A baseline for other networks on FER2013, and a start for studies of errors, calibration and robustness.",
)
OUT_OF_SCOPE = (
    "Decisions about people at work, at school, in policing, in hiring or in health.",
    "Detecting lies, or inferring what somebody feels, intends or is like.",
    "Any use on people who do not know of it or have not agreed to it.",
)
CAUTIONS = (
    "An expression is not a feeling: the network names what a face shows, as annotators named it in still pictures.",
    "Ten people's majority vote (FER+) agrees with FER2013's labels on 64 % of the faces, so its labels are uncertain.",
    "The rights in FER2013's images are unresolved: the weights are for research and non-commercial use.",
    "FER2013 has few faces of some groups and tells none of them: how accuracy differs between groups is unknown.",
    "Some of its pictures stand in more than one part; figures without those are given beside those of the whole part.",
)


@dataclass(frozen=True, kw_only=True)
class WeightsFile:
    """The file of weights: its bytes, their SHA-256 (hex), and the format of its numbers."""

    name: str
    bytes: int
    sha256: str
    numbers: str


@dataclass(frozen=True, kw_only=True)
class TrainedOn:
    """The data: its name, its classes, its parts as it spells them itself, and of each its faces and their digest."""

    name: str
    classes: tuple[str, ...]
    parts: dict[str, str]
    faces: dict[str, int]
    digest: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class BegunWith:
    """A run that another one learned from, began with or joined: its name, the command that makes it anew, its epochs.

    commit  of the code that the command was given to, where that is known
    """

    name: str
    command: str
    best_epoch: int
    history: tuple[dict[str, Any], ...]
    commit: str = ""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Figures of the shipped weights on the part that network and epoch were chosen by.

    tta          the views of a face that are averaged
    temperature  by which logits are divided so that confidence fits accuracy, fitted on the same part
    """

    tta: str
    temperature: float
    figures: Evaluation


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """A shipped network's card; to_json is what lies beside its weights, and the text is made from it.

    command  makes it anew, after those of begun_with
    commit   of the code that shipped it
    history  its epochs, as in history.csv
    begun_with  the runs that it builds on (that taught it, that it began with or joins) in the order of their making
    drawn    what it says of the first drawn faces (mien.data.drawn, seed 0): probabilities, one row a face
    test     figures on the test part, or why there are none
    """

    name: str
    model: str
    parameters: int
    multiplications: int
    file: WeightsFile
    command: str
    recipe: dict[str, Any]
    commit: str
    data: TrainedOn
    best_epoch: int
    history: tuple[dict[str, Any], ...]
    measured: tuple[Measured, ...]
    begun_with: tuple[BegunWith, ...] = ()
    drawn: tuple[tuple[float, ...], ...] = ()
    test: str = WITHHELD
    intended_use: tuple[str, ...] = INTENDED
    out_of_scope: tuple[str, ...] = OUT_OF_SCOPE
    cautions: tuple[str, ...] = CAUTIONS

    def to_json(self) -> str:
        """Indented JSON with every value of the card."""
        return json.dumps(asdict(self), indent=2, allow_nan=False) + "\n"

    def to_markdown(self) -> str:
        """The card as people read it."""
        blocks = [
            f"# {self.name}",
            f"`{self.model}`: {self.parameters:,} parameters with running statistics, {self.multiplications:,} "
            f"multiplications a face, {self.file.bytes:,} bytes ({self.file.numbers}).",
            "## Accuracy",
            f"On {self._part('val')}, by which network and epoch were chosen; 95 % intervals (Wilson). "
            "Leak-free: without pictures that also stand in the training part, equal in every pixel.",
            _table(_ACCURACY, [_accuracy_row(one) for one in self.measured]),
            f"{self.data.parts.get('test') or 'The test part'}: {self.test}.",
            "## Classes",
            f"On the whole part, views: {self.measured[0].tta}.",
            _table(_CLASS, _class_rows(self.measured[0].figures)),
            *_listed("Intended use", self.intended_use),
            *_listed("Out of scope", self.out_of_scope),
            *_listed("What to know", self.cautions),
            "## How it was made",
            f"Shipped by code at commit `{self.commit}`; runs that it builds on may be of earlier code.",
            "\n".join(["```", *map(_command, self.begun_with), _command(self), "```"]),
            _table(("part", "faces", "SHA-256 of the data"), self._data_rows()),
            f"SHA-256 of {self.file.name}: `{self.file.sha256}`. The scores above are computed in float32.",
        ]
        return "\n\n".join(blocks) + "\n"

    def _part(self, part: str) -> str:
        return self.data.parts.get(part) or f"the {part} part"

    def _data_rows(self) -> list[tuple[str, ...]]:
        return [
            (self._part(part), f"{count:,}", f"`{self.data.digest[part]}`")
            for part, count in self.data.faces.items()
        ]


def _command(one: BegunWith | ModelCard) -> str:
    """With what a reader cannot see in it: the epoch that was chosen, where something was trained."""
    trained = not one.command.startswith(("mien join ", "mien average "))
    told = [f"epoch {one.best_epoch} of {len(one.history)}"] * trained
    told += [f"code at commit {one.commit}"] * bool(isinstance(one, BegunWith) and one.commit)
    return f"{one.command}  # {', '.join(told)}" if told else one.command


_ACCURACY = ("views", "accuracy, whole part", "accuracy, leak-free", "macro-F1", "log-loss", "temperature")
_CLASS = ("class", "precision", "recall", "F1", "faces")


def _accuracy_row(one: Measured) -> tuple[str, ...]:
    whole, rest = one.figures, one.figures.leak_free
    return (
        one.tta,
        _share(whole.accuracy, whole.interval, whole.faces),
        _share(rest.accuracy, rest.interval, rest.faces) if rest else "",
        f"{whole.macro_f1:.4f}",
        f"{whole.log_loss:.4f}",
        f"{one.temperature:.3f}",
    )


def _share(accuracy: float, interval: tuple[float, float], faces: int) -> str:
    low, high = interval
    return f"{100 * accuracy:.2f} % ({100 * low:.2f} to {100 * high:.2f}; {faces:,} faces)"


def _class_rows(found: Evaluation) -> list[tuple[str, ...]]:
    return [
        (one.name, f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}", f"{one.faces:,}")
        for one in found.classes
    ]


def _listed(title: str, lines: tuple[str, ...]) -> list[str]:
    return [f"## {title}", "\n".join(f"- {line}" for line in lines)]


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
