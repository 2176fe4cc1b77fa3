"""Explanation: what a network looks at in some faces, what excites it, and how far the methods can be believed."""

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from zipfile import BadZipFile

import numpy as np

from mien.analysis.attribution import MethodProof
from mien.core.errors import RunError
from mien.core.images import Uint8
from mien.core.rundir import EXPLAINED_PICTURES, EXPLANATION, RunDir


@dataclass(frozen=True, kw_only=True)
class ExplainedFace:
    """A face with its scores (shares of 1, in the order of the classes) and the classes that its maps are about.

    true     its label, or None where it has none
    chosen   why it is shown, for people
    targets  the predicted class; for a mistake the true one after it
    """

    id: str
    true: str | None
    predicted: str
    scores: tuple[float, ...]
    targets: tuple[str, ...]
    chosen: str


@dataclass(frozen=True, kw_only=True)
class Proof:
    """How the methods' maps fall on drawn faces, or why that was not measured.

    faces, accuracy  so many drawn faces, of which the network names this share right
    """

    methods: tuple[MethodProof, ...] = ()
    faces: int = 0
    accuracy: float = 0.0
    missing: str = ""


@dataclass(frozen=True, kw_only=True)
class About:
    """What an explanation is of.

    classes         in the order of the scores
    weights         SHA-256 of the network's weights
    methods         name and source of each method that maps were made with, in their order
    left_out        methods that this network cannot be asked with, and why not
    layer           the convolution that Grad-CAM looks at, and whose filters are shown, or None
    first_layer     the convolution whose feature maps are shown, or None
    second_layer    the one after it, whose filters and feature maps are shown too, or None
    class_scores    the score of its class that the network gives to each class image
    regularisation  how the images that excite most were kept from becoming noise
    """

    run: str
    classes: tuple[str, ...]
    weights: str
    methods: dict[str, str]
    left_out: dict[str, str]
    layer: str | None
    first_layer: str | None
    class_scores: tuple[float, ...]
    regularisation: str
    second_layer: str | None = None


def _no_pictures() -> Uint8:
    return np.zeros((0, 1, 1), dtype=np.uint8)


@dataclass(frozen=True, kw_only=True, eq=False)
class Pictures:
    """What an explanation shows, all uint8.

    faces          (m, s, s)
    maps           (targets of all faces in turn, methods, s, s), 255 where the map is highest
    class_images   (classes, s, s), the input that excites each class most
    filters        (f, h, w), weights of the first layer, 128 is 0
    filter_images  (f, s, s), the input that excites filters of the convolution `layer` most; f is 0 without one
    feature_maps   (c, h, w), what the first convolution gives for the first face; c is 0 without one
    second_filters, second_feature_maps   the same of the convolution `second_layer`; of each filter the weights over
                   the one of its inputs that it weighs most
    """

    faces: Uint8
    maps: Uint8
    class_images: Uint8
    filters: Uint8
    filter_images: Uint8
    feature_maps: Uint8
    second_filters: Uint8 = field(default_factory=_no_pictures)
    second_feature_maps: Uint8 = field(default_factory=_no_pictures)


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation:
    """Everything that mien explain finds of one run."""

    about: About
    faces: tuple[ExplainedFace, ...]
    proof: Proof
    pictures: Pictures

    def maps_of(self, face: int) -> Uint8:
        """The maps of a face by its number: uint8 (targets, methods, s, s)."""
        start = sum(len(each.targets) for each in self.faces[:face])
        return self.pictures.maps[start : start + len(self.faces[face].targets)]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: everything but the pictures."""
        proof = asdict(self.proof) | {"methods": [each.to_dict() for each in self.proof.methods]}
        return {**asdict(self.about), "faces": [asdict(each) for each in self.faces], "proof": proof}

    def write(self, run: RunDir) -> None:
        """Keep it in the run, as JSON and, for the pictures, as npz."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **vars(self.pictures))
        run.write(EXPLAINED_PICTURES, buffer.getvalue())
        run.write_json(EXPLANATION, self.to_dict())

    @classmethod
    def read(cls, run: RunDir) -> "Explanation":
        """What a run keeps; RunError where that is missing, damaged or does not fit together."""
        try:
            values = json.loads(run.read(EXPLANATION))
            with np.load(io.BytesIO(run.read(EXPLAINED_PICTURES)), allow_pickle=False) as file:
                pictures = Pictures(**{name: file[name] for name in Pictures.__annotations__ if name in file})
            found = cls(
                about=_about(values),
                faces=tuple(_face(each) for each in values["faces"]),
                proof=_proof(values["proof"]),
                pictures=pictures,
            )
        except (ValueError, KeyError, TypeError, AttributeError, OSError, BadZipFile) as error:
            raise RunError(
                f"run {run.path}: {EXPLANATION} is damaged ({error!r}); mien explain writes it anew"
            ) from error
        return _fitting(found, run)


def _fitting(found: Explanation, run: RunDir) -> Explanation:
    targets = sum(len(each.targets) for each in found.faces)
    expected = (targets, len(found.about.methods), len(found.faces))
    got = (*found.pictures.maps.shape[:2], len(found.pictures.faces))
    if got != expected or any(picture.dtype != np.uint8 for picture in vars(found.pictures).values()):
        raise RunError(
            f"run {run.path}: {EXPLANATION} and {EXPLAINED_PICTURES} are not of one piece; explain it anew"
        )
    return found


def _about(values: Mapping[str, Any]) -> About:
    chosen = {name: values[name] for name in About.__annotations__ if name in values}
    return About(**chosen | {name: tuple(chosen[name]) for name in ("classes", "class_scores")})


def _face(values: Mapping[str, Any]) -> ExplainedFace:
    return ExplainedFace(**{**values, "scores": tuple(values["scores"]), "targets": tuple(values["targets"])})


def _proof(values: Mapping[str, Any]) -> Proof:
    return Proof(**{**values, "methods": tuple(map(MethodProof.from_dict, values["methods"]))})
