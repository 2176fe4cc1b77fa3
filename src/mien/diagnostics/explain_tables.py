"""The proof of attribution methods, and the explained faces, as tables for the page and the terminal."""

from mien.analysis.attribution import Measure, MethodProof
from mien.analysis.explanation import ExplainedFace, Explanation
from mien.core.text_tables import TextTable
from mien.core.wording import percent


def proof_table(name: str, found: Explanation) -> TextTable:
    """Energy inside the mask and pointing game of each method, beside a random map and shuffled weights."""
    proof = found.proof
    return TextTable(
        title=f"The maps of {proof.faces} drawn faces on the pixels that carry the expression",
        headers=(
            "method",
            "energy inside",
            "shuffled",
            "random",
            "points inside",
            "shuffled",
            "random",
            "beats both",
        ),
        rows=tuple(_proof_row(each) for each in proof.methods),
        footer=(
            "Energy inside: the share of a map that lies on these pixels (Wang et al. 2020). Points inside: how often "
            "its highest point does (Zhang et al. 2016). Shuffled: the same network with its weights in random order "
            "(Adebayo et al. 2018). Random: a map of noise, on average.",
            "Beats both: the lower ends of the 95 % intervals of all paired differences are above 0.",
            f"{name} names {percent(proof.accuracy)} of these faces right; of a network that hardly knows them the "
            "table says nothing about the methods.",
        ),
        left=(0, 7),
    )


def _proof_row(found: MethodProof) -> tuple[str, ...]:
    return (
        found.method,
        *(percent(share) for measure in (found.energy, found.pointing) for share in _means(measure)),
        "yes" if found.convincing else f"NO: {_failed(found)}",
    )


def _means(found: Measure) -> tuple[float, float, float]:
    return found.network, found.shuffled, found.random


def _failed(found: MethodProof) -> str:
    """In which measure a method is no better than what."""
    lost = []
    for name, measure in (("energy", found.energy), ("pointing", found.pointing)):
        lost += [f"{name} against shuffled"] * (measure.over_shuffled <= 0)
        lost += [f"{name} against random"] * (measure.over_random <= 0)
    return ", ".join(lost)


def faces_table(found: Explanation) -> TextTable:
    """The explained faces with the scores of the predicted and of the true class."""
    return TextTable(
        title="Explained faces",
        headers=("face", "true", "predicted", "score", "of the true one", "shown as"),
        rows=tuple(_face_row(each, found.about.classes) for each in found.faces),
        left=(0, 1, 2, 5),
    )


def _face_row(face: ExplainedFace, classes: tuple[str, ...]) -> tuple[str, ...]:
    scores = dict(zip(classes, face.scores, strict=True))
    true = "" if face.true is None else percent(scores[face.true])
    return face.id, face.true or "", face.predicted, percent(scores[face.predicted]), true, face.chosen
