"""The first run against each other one, face by face: who is right where, and whether that is more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mien.analysis.pairing import Pairing, paired, right
from mien.core.errors import MienError, MissingInput
from mien.core.images import VAL, Bools, Ints, LabelledImages
from mien.core.material import Material
from mien.core.predictions import Predictions
from mien.core.section import Block, Drawing, FaceCard, Finding, Fold, Gallery, Text
from mien.core.text_tables import TextTable
from mien.core.wording import listed, percent, shortened
from mien.diagnostics._canvas import COLOURS, canvas, drawing
from mien.diagnostics._diagnostic import Diagnostic
from mien.diagnostics._face_cards import card

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PURPOSE = "drawing a comparison"
_GREY = "#888888"
_FACES = 8
_CHANCE = 0.05
_SCOPE = (
    "Test and interval speak of other faces of this kind, for these networks as they are now. Another training with "
    "another seed moves the difference too; how much, only repeated trainings tell (mien study)."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One of two runs that are compared: its name, its colour, and its predictions in an order that both share."""

    name: str
    colour: str
    predictions: Predictions

    @property
    def right(self) -> Bools:
        """Which faces (n,) it gets right."""
        return right(self.predictions)


@dataclass(frozen=True, kw_only=True, eq=False)
class Against:
    """The first run and another one, and what was found face by face."""

    first: Side
    second: Side
    pairing: Pairing

    @property
    def ahead(self) -> Side | None:
        """The run that is right more often, by McNemar's exact test at 5 %; None where the two are not told apart."""
        table = self.pairing.table
        if table.p >= _CHANCE:
            return None
        return self.first if table.difference > 0 else self.second


def make(material: Material) -> Finding:
    """Every pair of the first run and another one that was measured on the same faces."""
    pairs, left_out = _pairs(material)
    if not pairs:
        raise MissingInput("; ".join(left_out))
    opened, *others = pairs
    blocks = (
        *_blocks(opened, material),
        *(Fold(title=_title(pair), blocks=_blocks(pair, material)) for pair in others),
        Text(text=_SCOPE),
        *(Text(text=f"Left out: {reason}.") for reason in left_out),
    )
    data = {"pairs": [_data(pair) for pair in pairs], "left_out": left_out}
    return Finding(answer=_answer(pairs), blocks=blocks, data=data)


def _pairs(material: Material) -> tuple[list[Against], list[str]]:
    """The pairs that can be compared, and why the others cannot."""
    if len(material.runs) < 2:
        raise MissingInput("a comparison needs two runs: name another one beside the first")
    first, *others = material.runs
    pairs: list[Against] = []
    left_out: list[str] = []
    for number, other in enumerate(others, start=1):
        try:
            pairing = paired(first.predictions(), other.predictions())
        except MienError as error:
            left_out.append(str(error))
        else:
            colour = COLOURS[number % len(COLOURS)]
            sides = (
                Side(name=first.name, colour=COLOURS[0], predictions=pairing.first),
                Side(name=other.name, colour=colour, predictions=pairing.second),
            )
            pairs.append(Against(first=sides[0], second=sides[1], pairing=pairing))
    return pairs, list(dict.fromkeys(left_out))


def _title(pair: Against) -> str:
    return f"{pair.first.name} against {pair.second.name}"


def _blocks(pair: Against, material: Material) -> tuple[Block, ...]:
    return (_drawing(pair), _paired_table(pair), _class_table(pair), *_galleries(pair, material))


def _answer(pairs: Sequence[Against]) -> str:
    if len(pairs) == 1:
        return _told(pairs[0])
    first = pairs[0].first.name
    kinds = (
        (f"{first} is right more often than", [pair for pair in pairs if pair.ahead is pair.first]),
        (f"{first} is right less often than", [pair for pair in pairs if pair.ahead is pair.second]),
        (
            f"{first} differs no more than chance explains from",
            [pair for pair in pairs if pair.ahead is None],
        ),
    )
    said = [f"{words} {listed([_with_points(pair) for pair in found])}" for words, found in kinds if found]
    return f"{'; '.join(said)} (McNemar's test at 5 %)."


def _with_points(pair: Against) -> str:
    return f"{pair.second.name} ({_points(pair.pairing.table.difference)})"


def _told(pair: Against) -> str:
    table = pair.pairing.table
    first, second = pair.first.name, pair.second.name
    found = f"{_points(table.difference)} ({_interval(pair)})"
    if pair.ahead is None:
        return (
            f"{first} is right in {percent(pair.first.right.mean())}, {second} in {percent(pair.second.right.mean())} "
            f"of the same {_faces(pair)}: a difference of {found} that chance may explain (McNemar {_p(table.p)})."
        )
    ahead, behind = (first, second) if pair.ahead is pair.first else (second, first)
    return (
        f"{ahead} is right more often than {behind} on the same {_faces(pair)}: {first} minus {second} is {found}, "
        f"more than chance explains (McNemar {_p(table.p)})."
    )


def _faces(pair: Against) -> str:
    part = pair.first.predictions.split
    return f"{pair.pairing.table.faces:,} {'validation' if part == VAL else part} faces"


def _points(share: float) -> str:
    return f"{100 * share:+.1f} points"


def _interval(pair: Against) -> str:
    found = pair.pairing.interval
    return f"{100 * found.level:.0f} % interval {100 * found.low:+.1f} to {100 * found.high:+.1f}"


def _p(p: float) -> str:
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"


def _data(pair: Against) -> dict[str, Any]:
    first, second = pair.first, pair.second
    return {
        "first": first.name,
        "second": second.name,
        "part": first.predictions.split,
        "accuracy_first": float(first.right.mean()),
        "accuracy_second": float(second.right.mean()),
        "mcnemar": pair.pairing.table.to_dict(),
        "interval": pair.pairing.interval.to_dict(),
        "ahead": pair.ahead.name if pair.ahead else None,
        "classes": by_class(first, second),
        "only_first_surest": first.predictions.ids[only_right(first, second)].tolist(),
        "only_second_surest": first.predictions.ids[only_right(second, first)].tolist(),
    }


def by_class(first: Side, second: Side) -> list[dict[str, Any]]:
    """For each class its faces, and how many of them each run, and only one, gets right."""
    columns = {
        "faces": np.ones(len(first.predictions), dtype=bool),
        "first_right": first.right,
        "second_right": second.right,
        "only_first": first.right & ~second.right,
        "only_second": second.right & ~first.right,
    }
    labels, names = first.predictions.labels, first.predictions.classes
    return [
        {"class": name} | {key: int((rows & (labels == k)).sum()) for key, rows in columns.items()}
        for k, name in enumerate(names)
    ]


def _paired_table(pair: Against) -> TextTable:
    table, interval = pair.pairing.table, pair.pairing.interval
    first, second = pair.first.name, pair.second.name
    return TextTable(
        title="The same faces, counted by who is right",
        headers=("", f"{second} right", f"{second} wrong", "all"),
        rows=(
            (f"{first} right", *_counts(table.both, table.only_first, table.both + table.only_first)),
            (f"{first} wrong", *_counts(table.only_second, table.neither, table.only_second + table.neither)),
        ),
        totals=(
            "all",
            *_counts(table.both + table.only_second, table.only_first + table.neither, table.faces),
        ),
        footer=(
            f"McNemar's exact test of the faces that only one gets right: {_p(table.p)}; "
            f"mid-p variant {_p(table.mid_p)}.",
            f"Accuracy of {first} minus {second}: {_points(table.difference)}, {_interval(pair)} "
            f"({interval.resamples:,} paired bootstrap resamples, percentiles, seed {interval.seed}).",
        ),
    )


def _counts(*counts: int) -> tuple[str, ...]:
    return tuple(f"{count:,}" for count in counts)


def _class_table(pair: Against) -> TextTable:
    first, second = pair.first.name, pair.second.name
    return TextTable(
        title="The faces of each class, and who gets them right",
        headers=("class", "faces", first, second, f"only {first}", f"only {second}"),
        rows=tuple(_class_row(found) for found in by_class(pair.first, pair.second)),
    )


def _class_row(found: dict[str, Any]) -> tuple[str, ...]:
    faces = found["faces"]
    shares = [percent(found[key] / faces) if faces else "–" for key in ("first_right", "second_right")]
    return (found["class"], *_counts(faces), *shares, *_counts(found["only_first"], found["only_second"]))


def _drawing(pair: Against) -> Drawing:
    table = pair.pairing.table
    figure = canvas(6.0, 1.9, _PURPOSE)
    draw_split(pair, figure.subplots())
    alt = (
        f"Four bars: {table.both:,} faces that both get right, {table.only_first:,} only {pair.first.name}, "
        f"{table.only_second:,} only {pair.second.name}, {table.neither:,} neither."
    )
    return drawing(figure, alt, f"The {_faces(pair)} by who gets them right.")


def draw_split(pair: Against, axes: "Axes") -> None:
    """A bar each for the faces that both, only one, or neither of two runs gets right."""
    table = pair.pairing.table
    counts = (table.both, table.only_first, table.only_second, table.neither)
    names = ("both right", f"only {pair.first.name}", f"only {pair.second.name}", "neither")
    places = range(len(counts))
    axes.barh(places, counts, height=0.7, color=(_GREY, pair.first.colour, pair.second.colour, _GREY))
    axes.patches[-1].set_alpha(0.45)
    axes.set_yticks(places, [shortened(name) for name in names], fontsize=10)
    for place, count in zip(places, counts, strict=True):
        text = f"{count:,} ({percent(count / table.faces)})"
        axes.annotate(
            text, (count, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=10
        )
    axes.set_xlim(0, 1.35 * max(counts))  # room for the numbers
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.tick_params(left=False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def only_right(side: Side, other: Side) -> Ints:
    """The rows of faces that one run gets right and the other does not: the surest first, at most eight."""
    rows: Ints = np.flatnonzero(side.right & ~other.right)
    return rows[np.argsort(-side.predictions.probs[rows].max(axis=1), kind="stable")][:_FACES]


def _galleries(pair: Against, material: Material) -> list[Block]:
    table = pair.pairing.table
    try:
        faces = material.faces(pair.first.predictions)
    except MienError as error:
        return [Text(text=f"The faces that only one of the two gets right are not shown: {error}.")]
    shown: list[Block] = [
        _gallery(pair.first, pair.second, table.only_first, faces),
        _gallery(pair.second, pair.first, table.only_second, faces),
    ]
    if table.only_first or table.only_second:
        shown.append(Text(text="The bars are the scores of the network that is wrong."))
    return shown


def _gallery(side: Side, other: Side, count: int, faces: LabelledImages) -> Block:
    if not count:
        return Text(text=f"No face is right only with {side.name}.")
    which = f"the {_FACES} that it is surest of" if count > _FACES else "the surest first"
    title = f"{count:,} {'face' if count == 1 else 'faces'} that only {side.name} gets right"
    cards = tuple(_card(side, other, row, faces) for row in only_right(side, other).tolist())
    return Gallery(title=f"{title}: {which}" if count > 1 else title, cards=cards)


def _card(side: Side, other: Side, row: int, faces: LabelledImages) -> FaceCard:
    """A face with the scores of the run that is wrong about it."""
    sure, mistaken = side.predictions, other.predictions
    said, wrong = (
        f"{one.name}: {one.predictions.classes[one.predictions.predicted[row]]} "
        f"{percent(float(one.predictions.probs[row].max()))}"
        for one in (side, other)
    )
    return card(
        faces.pixels[row],
        mistaken.probs[row],
        mistaken.classes,
        int(sure.labels[row]),
        str(sure.ids[row]),
        f"{said}; {wrong}",
    )


PLUGIN = Diagnostic(
    order=40,
    title="One network against the other",
    question="Does one network recognise more faces than the other, beyond chance?",
    make=make,
)
