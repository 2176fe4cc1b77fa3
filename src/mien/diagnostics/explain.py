"""What a network looks at: maps over faces, what excites it most, and how far the maps can be believed."""

from collections.abc import Sequence
from pathlib import Path

from mien.analysis.explanation import Explanation
from mien.core.errors import MienError, MissingInput, RunError
from mien.core.material import Material, ReadRun
from mien.core.rundir import EXPLANATION, RunDir
from mien.core.section import Block, Drawing, Finding, Fold, Heading, Text
from mien.core.wording import listed, percent
from mien.diagnostics._diagnostic import Diagnostic
from mien.diagnostics._map_figure import map_drawing, picture_drawing
from mien.diagnostics.explain_sheet import answer
from mien.diagnostics.explain_tables import faces_table, proof_table

# What a section may weigh on the page decides how many faces it shows; maps of one face are about 8 kB.
_MOST_RIGHT, _MOST_WRONG = 7, 6


def make(material: Material) -> Finding:
    """The first run that has explain.json; MissingInput, with the command, where none has."""
    run, found = _first(material)
    blocks: list[Block] = [Text(text=_methods(found)), *_faces(run.name, found)]
    if found.proof.methods:
        blocks += [Heading(text="How far the maps can be believed"), proof_table(run.name, found)]
    blocks += [
        Fold(title="What excites the network most, and its first layers", blocks=tuple(_network(found))),
        Fold(title="Scores of the faces above", blocks=(faces_table(found),)),
    ]
    data = {**found.to_dict(), "run": run.name}
    return Finding(answer=answer(run.name, found), blocks=tuple(blocks), data=data)


def _first(material: Material) -> tuple[ReadRun, Explanation]:
    told = []
    for run in material.runs:
        folder = RunDir(Path(run.path))
        if not folder.has(EXPLANATION):
            continue
        try:
            return run, _current(folder)
        except MienError as error:
            told.append(str(error))
    reasons = f" ({'; '.join(told)})" if told else ""
    raise MissingInput(f"no run was explained; mien explain {material.runs[0].path} does that{reasons}")


def _current(folder: RunDir) -> Explanation:
    found = Explanation.read(folder)
    if folder.has(folder.weights_name) and folder.weights_digest != found.about.weights:
        raise RunError(f"run {folder.path}: {EXPLANATION} is of other weights; mien explain writes it anew")
    return found


def _methods(found: Explanation) -> str:
    named = listed([f"{name} ({source})" for name, source in found.about.methods.items()])
    layer = f" Grad-CAM looks at the convolution called {found.about.layer}." if found.about.layer else ""
    left_out = "".join(f" {name} is left out: {reason}." for name, reason in found.about.left_out.items())
    failed = [each.method for each in found.proof.methods if not each.convincing]
    warned = f" Not to be believed by the proof below: {listed(failed)}." if failed else ""
    return f"Which pixels the score of a class comes from, by {named}.{layer}{left_out}{warned}"


def _faces(run: str, found: Explanation) -> list[Block]:
    """A figure of the faces that were named right, or have no label, and one of the mistakes."""
    wrong = [number for number, face in enumerate(found.faces) if len(face.targets) > 1]
    right = [number for number in range(len(found.faces)) if number not in wrong]
    blocks: list[Block] = []
    if right:
        blocks += [Heading(text="Faces that it names right"), _maps(run, found, right[:_MOST_RIGHT])]
    if wrong:
        blocks += [Heading(text="Mistakes: predicted and true class"), _maps(run, found, wrong[:_MOST_WRONG])]
    return blocks


def _maps(run: str, found: Explanation, numbers: Sequence[int]) -> Drawing:
    faces = [found.faces[number] for number in numbers]
    named = "; ".join(f"{face.true or 'no label'}, predicted {face.predicted}" for face in faces)
    alt = f"{len(faces)} faces with maps of what {run} looks at: {named}."
    caption = (
        "The stronger the colour, the more a pixel counts; each map has its own scale. Bars: scores, the predicted "
        "class in the colour of the maps, the true one in that of the text. A star: no better than chance, see below."
    )
    return map_drawing(found, numbers, alt, caption)


def _network(found: Explanation) -> list[Block]:
    about, pictures = found.about, found.pictures
    scores = [
        f"{name} {percent(score)}" for name, score in zip(about.classes, about.class_scores, strict=True)
    ]
    blocks: list[Block] = [
        picture_drawing(
            pictures.class_images,
            scores,
            f"The picture that excites each class most: {listed(list(about.classes))}.",
            f"The input that the network gives the highest score of a class, and that score. {about.regularisation}",
        )
    ]
    kinds = (
        (pictures.filter_images, f"The inputs that excite filters of {about.layer} most."),
        (pictures.filters, "Weights of the first layer: grey is 0, each scaled to its largest weight."),
        (pictures.feature_maps, f"What {about.first_layer} gives for the first face: grey is 0."),
        (
            pictures.second_filters,
            f"Weights of {about.second_layer}, of each filter those over the input that it weighs most: grey is 0.",
        ),
        (pictures.second_feature_maps, f"What {about.second_layer} gives for the first face: grey is 0."),
    )
    for shown, caption in kinds:
        if len(shown):
            titles = [str(number) for number in range(1, len(shown) + 1)]
            blocks.append(picture_drawing(shown, titles, caption, caption))
    return blocks


PLUGIN = Diagnostic(
    order=67,
    title="What the network looks at",
    question="Which pixels does a score come from, and how far can such maps be believed?",
    make=make,
    on_demand=True,
)
