"""What people see in the validation faces, beside the labels and beside the networks; needs their votes."""

from dataclasses import asdict, dataclass

import numpy as np

from mien.analysis.people import (
    Agreement,
    Ceiling,
    NetworkAndPeople,
    agreements,
    ceiling,
    majority_confusion,
    network_and_people,
)
from mien.analysis.shared_mistakes import SharedMistakes, shared_mistakes
from mien.core.errors import DataError, MissingInput
from mien.core.images import Ints
from mien.core.material import Material, ReadRun
from mien.core.people_votes import PeopleVotes
from mien.core.predictions import Predictions
from mien.core.section import Block, Drawing, Finding, Fold, Text
from mien.core.text_tables import TextTable
from mien.core.wording import interval, percent
from mien.diagnostics._canvas import COLOURS
from mien.diagnostics._confusion_figure import matrix, matrix_drawing
from mien.diagnostics._diagnostic import Diagnostic
from mien.diagnostics._predicting_runs import predicting_runs, runs_left_out

_PEOPLE = "people's majority"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Beside:
    """A run with the votes for the faces that it predicts."""

    number: int
    predictions: Predictions
    votes: PeopleVotes
    network: NetworkAndPeople
    shared: SharedMistakes

    @property
    def name(self) -> str:
        return self.network.run


def make(material: Material) -> Finding:
    """Every run beside the votes; MissingInput where there are no votes for the faces of the first one."""
    runs, left_out = _runs(material)
    first = runs[0]
    top = ceiling(first.votes, first.predictions.labels)
    agreed = _agreements(first)
    blocks: list[Block] = [
        _shared_table(runs),
        Text(text=_told_of_overruled(first.shared)),
        _networks_table(runs, top),
        _agreement_table(agreed),
        Fold(title="What people and the network take the faces for", blocks=_matrices(first)),
        *left_out,
    ]
    data = {
        "part": first.predictions.split,
        "runs": [asdict(each.network) | {"run": each.name, "shared": each.shared.to_dict()} for each in runs],
        "ceiling": asdict(top),
        "agreements": [asdict(one) for one in agreed],
        "confusion": majority_confusion(first.votes, first.predictions.labels).tolist(),
    }
    return Finding(answer=_answer(first, top), blocks=tuple(blocks), data=data)


def _runs(material: Material) -> tuple[list[_Beside], list[Text]]:
    """The runs with votes for their faces, and lines about the others."""
    found: list[_Beside] = []
    left_out = list(runs_left_out(material))
    for number, run, predictions in predicting_runs(material):
        try:
            found.append(_beside(number, run, predictions, material.people(predictions)))
        except (MissingInput, DataError) as error:
            if not found:
                raise MissingInput(str(error)) from error
            left_out.append(Text(text=f"{run.name} is left out: {error}."))
    return found, left_out


def _beside(number: int, run: ReadRun, predictions: Predictions, votes: PeopleVotes) -> _Beside:
    return _Beside(
        number=number,
        predictions=predictions,
        votes=votes,
        network=network_and_people(run.name, predictions.probs, predictions.labels, votes),
        shared=shared_mistakes(predictions, votes),
    )


def _agreements(run: _Beside) -> tuple[Agreement, ...]:
    labels = run.predictions.labels
    return agreements(run.votes, labels, np.full(len(labels), run.predictions.split), run.predictions.classes)


def _answer(run: _Beside, top: Ceiling) -> str:
    wrong, right = run.shared.mistakes, run.shared.correct
    told = f"{run.name} names the label of {percent(run.network.accuracy)} of {run.network.faces:,} faces with votes"
    told += f", a reader who sees what most people see would name {percent(top.majority)}"
    if wrong.overruled.share is None:
        return f"{told}; it makes no mistake on them."
    told += f"; of its mistakes people overrule the label of {percent(wrong.overruled.share)}"
    if right.overruled.share is not None:
        told += f", of the others {percent(right.overruled.share)}"
    return f"{told}, and on {percent(wrong.as_network.share or 0.0)} of its mistakes most people see what it sees."


def _shared_table(runs: list[_Beside]) -> TextTable:
    rows = []
    for each in runs:
        for kind, people in (("mistakes", each.shared.mistakes), ("correct faces", each.shared.correct)):
            cells = (people.overruled.told(), people.as_network.told())
            rows.append((f"{kind} of {each.name}", f"{people.overruled.of:,}", *cells))
    first = runs[0].shared
    return TextTable(
        title="Mistakes that people make too",
        headers=("", "with votes", "people overrule the label", "people see what the network sees"),
        rows=tuple(rows),
        footer=(
            "By the majority of the votes for the classes, in brackets the 95 % interval (Wilson). "
            f"{first.without_vote:,} faces without such a vote are left out; of {first.tied:,} with several equal "
            "majorities the first in the order of the classes counts.",
        ),
    )


def _told_of_overruled(found: SharedMistakes) -> str:
    told = (
        f"{found.run} mistakes {found.mistaken_of_overruled.told()} of the faces whose label people overrule, and "
        f"{found.mistaken_of_confirmed.told()} of those whose label they confirm. Where they overrule the label of a "
        f"mistake, they see what it sees in {found.as_network_of_overruled.told()}."
    )
    if found.difference is None:
        return told
    return (
        f"{told} The shares of overruled labels among mistakes and correct faces are {interval(found.difference)} "
        "points apart (95 %, Newcombe)."
    )


def _networks_table(runs: list[_Beside], top: Ceiling) -> TextTable:
    return TextTable(
        title="The networks beside the votes",
        headers=("", "right", "with the majority", "distance", "divergence", "entropy", "rank correlation"),
        rows=tuple(_network_row(each.network) for each in runs),
        footer=(
            "Distance of probabilities and shares of votes (total variation, 0 to 1), their Kullback-Leibler "
            "divergence and the entropy of the probabilities in nats; rank correlation of the entropies of both "
            "(Spearman): is the network unsure where people disagree? The entropy of the votes is "
            f"{runs[0].network.entropy[1]:.2f}.",
            f"On these labels whoever sees what most people see is right in {percent(top.majority)}, a single person "
            f"in {percent(top.one_person)}, who knows the votes and which label they mostly go with in "
            f"{percent(top.best)}, at most.",
        ),
    )


def _network_row(one: NetworkAndPeople) -> tuple[str, ...]:
    together = "–" if one.together is None else f"{one.together:.2f}"
    distances = (f"{one.distance:.3f}", f"{one.divergence:.3f}", f"{one.entropy[0]:.2f}", together)
    return one.run, percent(one.accuracy), percent(one.with_majority), *distances


def _agreement_table(found: tuple[Agreement, ...]) -> TextTable:
    return TextTable(
        title="How often people's majority names the label",
        headers=("label", "faces", "of them", "95 % interval", "ties shared"),
        rows=tuple(
            (one.name, f"{one.faces:,}", percent(one.share), interval(one.interval), percent(one.ties_shared))
            for one in found
        ),
    )


def _matrices(run: _Beside) -> tuple[Drawing, ...]:
    """People's and the network's, over the faces with votes."""
    of_people = majority_confusion(run.votes, run.predictions.labels)
    of_network: Ints = np.array(run.network.confusion, dtype=np.int64)
    names, colour = run.predictions.classes, COLOURS[run.number % len(COLOURS)]
    return (
        matrix_drawing(matrix(of_people, names), colour, _PEOPLE),
        matrix_drawing(matrix(of_network, names), colour, run.name),
    )


PLUGIN = Diagnostic(
    order=66,
    title="People",
    question="What do people see in these faces, and do they make the network's mistakes too?",
    make=make,
    on_demand=True,
)
