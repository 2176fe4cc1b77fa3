"""Explaining a run: the maps of chosen faces, what excites the network, and the proof on drawn faces."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from mien.analysis.explanation import About, ExplainedFace, Explanation, Pictures, Proof
from mien.core.errors import ConfigError
from mien.core.images import VAL, LabelledImages, Parts, Uint8
from mien.core.labels import EXPRESSIONS
from mien.core.rundir import RunDir
from mien.core.shipped import opened
from mien.data.drawn import draw
from mien.data.of_run import training_parts
from mien.training.batches import normalise
from mien.training.evaluate import check_fits, faces_of, network_of, predict
from mien.training.explain.ascent import REGULARISATION, class_images, filter_images
from mien.training.explain.choosing import Wanted, chosen_rows
from mien.training.explain.layers import (
    Convolution,
    convolution,
    convolutions,
    feature_maps,
    first_filters,
    second_convolution,
    strongest_slices,
)
from mien.training.explain.methods import GRAD_CAM, Method, methods
from mien.training.explain.pictures import input_picture, map_picture, weight_picture
from mien.training.explain.proof import proof
from mien.training.machine import Machine

PROOF_FACES = 70
PROOF_SEED = 1_000_003  # of drawn faces that a run on drawn faces with a seed of its own has not seen
_SIDE_OF_DRAWN = 48
_MOST_FILTERS, _MOST_FILTER_IMAGES = 16, 8  # what is shown; a page has room for no more
_PICTURE = "picture"


def explain(
    run: RunDir | Path | str,
    faces: LabelledImages | Parts | None = None,
    *,
    part: str = VAL,
    picture: Uint8 | None = None,
    wanted: Wanted | None = None,
    layer: str | None = None,
    proof_faces: int = PROOF_FACES,
    save: bool = True,
    progress: Callable[[str], object] = str,
) -> Explanation:
    """What a run's network looks at, by five methods, with the proof of these methods on drawn faces.

    faces        other faces, or other data in parts, in place of the data that the run names
    picture      one face uint8 (s, s) without a label, in place of faces of the data
    wanted       which faces of the part
    layer        the convolution of Grad-CAM and of the filter images, by default the last one
    proof_faces  how many drawn faces; 0: no proof
    save         write explain.json and explain.npz into the run, once it is finished
    progress     called with the name of each step before it; by default nothing is told

    Raises ConfigError where faces do not fit the run or a name is unknown, DataError where no face is to explain.
    """
    run = opened(run)
    machine = Machine.chosen(replace(run.config, device="auto", precision="float32"))
    network = network_of(run, machine.device)
    shown = (
        _pictured(run, picture)
        if picture is not None
        else _of_part(run, network, machine, training_parts(run) if faces is None else faces, part, wanted)
    )
    able, left_out = _able(network, run.environment["side"], layer)
    found = _Explaining(run, network, machine.device, able, layer)
    explanation = found.explanation(*shown, left_out, proof_faces, progress)
    if save and run.finished:
        explanation.write(run)
    return explanation


Shown = tuple[
    Uint8, list[tuple[str, str | None, str]]
]  # faces, and of each its id, its label and why it is shown


def _pictured(run: RunDir, picture: Uint8) -> Shown:
    side = run.environment["side"]
    if picture.dtype != np.uint8 or picture.shape != (side, side):
        raise ConfigError(
            f"picture: expected a grey face uint8 ({side}, {side}), got {picture.dtype} {picture.shape}"
        )
    return picture[None], [(_PICTURE, None, "given")]


def _of_part(
    run: RunDir,
    network: nn.Module,
    machine: Machine,
    faces: LabelledImages | Parts,
    part: str,
    wanted: Wanted | None,
) -> Shown:
    whole = faces_of(faces, part)
    check_fits(run.environment, whole, run.name)
    predictions = predict(network, whole, machine, part=part, run=run.name)
    chosen = chosen_rows(predictions, wanted or Wanted())
    names = whole.classes
    about: list[tuple[str, str | None, str]] = [
        (str(whole.ids[row]), names[int(whole.labels[row])], why) for row, why in chosen
    ]
    return whole.pixels[[row for row, _ in chosen]], about


def _able(network: nn.Module, side: int, layer: str | None) -> tuple[dict[str, Method], dict[str, str]]:
    """The methods that the network can be asked with, and why not the others; ConfigError for an unknown layer."""
    found = methods(layer)
    try:
        convolution(network, side, layer)
    except ConfigError as error:
        if convolutions(network, side):
            raise
        return {name: each for name, each in found.items() if name != GRAD_CAM}, {GRAD_CAM: str(error)}
    return found, {}


class _Explaining:
    """A network with the methods that it is asked with."""

    def __init__(
        self,
        run: RunDir,
        network: nn.Module,
        device: torch.device,
        able: dict[str, Method],
        layer: str | None,
    ) -> None:
        self.run, self.network, self.device, self.able = run, network, device, able
        self.classes: tuple[str, ...] = tuple(run.environment["classes"])
        self.side: int = run.environment["side"]
        self.layer = convolution(network, self.side, layer) if GRAD_CAM in able else None
        self.first = convolutions(network, self.side)[0] if self.layer else None
        self.second = second_convolution(network, self.side) if self.layer else None

    def explanation(
        self,
        pixels: Uint8,
        about: list[tuple[str, str | None, str]],
        left_out: dict[str, str],
        proof_faces: int,
        progress: Callable[[str], object],
    ) -> Explanation:
        """Faces with their maps, then pictures of the network, then the proof."""
        inputs = normalise(torch.tensor(pixels, device=self.device))
        faces = self._faces(inputs, about)
        maps = self._maps(inputs, faces, progress)
        progress("class images")
        images = class_images(self.network, len(self.classes), self.side)
        pictures = Pictures(
            faces=pixels,
            maps=maps,
            class_images=input_picture(images),
            filters=weight_picture(first_filters(self.network, self.side)[:_MOST_FILTERS]),
            filter_images=self._filter_images(),
            feature_maps=self._feature_maps(self.first, inputs[:1]),
            second_filters=self._second_filters(),
            second_feature_maps=self._feature_maps(self.second, inputs[:1]),
        )
        progress("proof on drawn faces")
        return Explanation(
            about=self._about(left_out, self._class_scores(images)),
            faces=faces,
            proof=self._proof(proof_faces),
            pictures=pictures,
        )

    def _faces(
        self, inputs: torch.Tensor, about: list[tuple[str, str | None, str]]
    ) -> tuple[ExplainedFace, ...]:
        with torch.no_grad():
            scores = self.network(inputs).double().softmax(1).cpu()
        found = []
        for (name, true, why), row in zip(about, scores.tolist(), strict=True):
            predicted = self.classes[int(np.argmax(row))]
            targets = (predicted,) if true in (None, predicted) else (predicted, str(true))
            found.append(
                ExplainedFace(
                    id=name, true=true, predicted=predicted, scores=tuple(row), targets=targets, chosen=why
                )
            )
        return tuple(found)

    def _maps(
        self, inputs: torch.Tensor, faces: tuple[ExplainedFace, ...], progress: Callable[[str], object]
    ) -> Uint8:
        rows = [number for number, face in enumerate(faces) for _ in face.targets]
        targets = [self.classes.index(target) for face in faces for target in face.targets]
        repeated = inputs[rows], torch.tensor(targets, device=self.device)
        made = []
        for name, method in self.able.items():
            progress(name)
            made.append(map_picture(method.heat(self.network, *repeated)))
        return np.stack(made, axis=1)  # (targets, methods, s, s)

    def _class_scores(self, images: torch.Tensor) -> tuple[float, ...]:
        with torch.no_grad():
            return tuple(self.network(images[:, None]).double().softmax(1).diagonal().tolist())

    def _filter_images(self) -> Uint8:
        if self.layer is None:
            return np.zeros((0, self.side, self.side), dtype=np.uint8)
        count = min(self.layer.module.out_channels, _MOST_FILTER_IMAGES)
        return input_picture(filter_images(self.network, self.layer.module, count, self.side))

    def _second_filters(self) -> Uint8:
        if self.second is None:
            return np.zeros((0, 1, 1), dtype=np.uint8)
        return weight_picture(strongest_slices(self.second.module)[:_MOST_FILTERS])

    def _feature_maps(self, layer: Convolution | None, face: torch.Tensor) -> Uint8:
        if layer is None:
            return np.zeros((0, 1, 1), dtype=np.uint8)
        return weight_picture(feature_maps(self.network, face, layer.module)[:_MOST_FILTERS])

    def _proof(self, count: int) -> Proof:
        if count == 0:
            return Proof(missing="it was not asked for")
        if self.classes != EXPRESSIONS or self.side != _SIDE_OF_DRAWN:
            return Proof(
                missing=f"drawn faces show {', '.join(EXPRESSIONS)} on {_SIDE_OF_DRAWN} pixels a side, "
                "and the network knows other classes or another size"
            )
        found = proof(self.network, draw(count, seed=PROOF_SEED), self.able, self.device)
        return Proof(methods=found.methods, faces=found.faces, accuracy=found.accuracy)

    def _about(self, left_out: dict[str, str], class_scores: tuple[float, ...]) -> About:
        return About(
            run=self.run.name,
            classes=self.classes,
            weights=self.run.weights_digest,
            methods={name: each.source for name, each in self.able.items()},
            left_out=left_out,
            layer=self.layer.name if self.layer else None,
            first_layer=self.first.name if self.first else None,
            second_layer=self.second.name if self.second else None,
            class_scores=class_scores,
            regularisation=REGULARISATION,
        )
