"""Who is drawn and how they are photographed: every number of a face that is not its expression."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np

from mien.data._drawn_random import Field, Stream


def _between(low: float, high: float, *, bend: float = 1.0) -> Any:
    """A number from low to high; a bend above 1 makes low ones common and high ones rare."""
    return field(metadata={"low": low, "high": high, "bend": bend})


def _sometimes(share: float) -> Any:
    """1 for this share of the faces, 0 for the others."""
    return field(metadata={"share": share})


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sampled:
    """Numbers drawn from the ranges that the fields declare, each float32 (n, 1, 1)."""

    @classmethod
    def sample(cls, stream: Stream) -> Self:
        """One value of every field for every face of the stream."""
        names = [each.name for each in fields(cls)]
        draws = stream.uniforms([f"{cls.__name__}.{name}" for name in names])
        columns = zip(fields(cls), draws.T, strict=True)
        return cls(**{each.name: _value(each.metadata, draw)[:, None, None] for each, draw in columns})


def _value(rule: Mapping[str, float], draw: Field) -> Field:
    """Draws from 0 to 1 brought to the range that a field declares."""
    if "share" in rule:
        return (draw < rule["share"]).astype(np.float32)
    return rule["low"] + (rule["high"] - rule["low"]) * draw ** np.float32(rule["bend"])


@dataclass(frozen=True, kw_only=True, eq=False)
class Person(_Sampled):
    """Identity. Lengths are in half face widths (about 70 mm), brightness from 0 black to 1 white.

    Proportions are those of adults, measured from the point between the eyes: pupils 0.46 to either side,
    mouth 1.0 and chin 1.65 below, hairline 1.2 above; each varies from face to face.
    """

    skin: Field = _between(0.30, 0.85)
    mottle: Field = _between(0.2, 1.0)
    age: Field = _between(0.0, 1.0, bend=1.5)
    fullness: Field = _between(-1.0, 1.0)
    jaw_square: Field = _between(0.0, 0.85)
    jaw_width: Field = _between(0.86, 1.0)
    chin: Field = _between(1.52, 1.76)
    hair: Field = _between(0.04, 0.62, bend=2.0)
    hairline: Field = _between(-1.28, -0.95)
    hair_height: Field = _between(1.72, 2.05)
    temple: Field = _between(-0.05, 0.22)
    fringe: Field = _sometimes(0.22)
    fringe_drop: Field = _between(0.1, 0.55)
    parting: Field = _between(-0.5, 0.5)
    bald: Field = _sometimes(0.10)
    long_hair: Field = _sometimes(0.42)
    hair_volume: Field = _between(0.0, 1.0)
    brow_height: Field = _between(0.29, 0.39)
    brow_arch: Field = _between(0.03, 0.11)
    brow_tilt: Field = _between(-0.05, 0.05)
    brow_thickness: Field = _between(0.045, 0.085)
    brow_dark: Field = _between(0.5, 0.95)
    eye_apart: Field = _between(0.43, 0.49)
    eye_width: Field = _between(0.23, 0.29)
    eye_open: Field = _between(0.8, 1.25)
    eye_tilt: Field = _between(-0.02, 0.07)
    eye_deep: Field = _between(0.0, 1.0)
    iris: Field = _between(0.06, 0.40, bend=1.6)
    make_up: Field = _between(0.0, 1.0, bend=2.5)
    nose_length: Field = _between(0.62, 0.78)
    nose_width: Field = _between(0.19, 0.30)
    nose_high: Field = _between(0.6, 1.2)
    mouth_height: Field = _between(0.96, 1.10)
    mouth_width: Field = _between(0.33, 0.42)
    lip_upper: Field = _between(0.04, 0.10)
    lip_lower: Field = _between(0.07, 0.14)
    lip_dark: Field = _between(0.08, 0.34)
    beard: Field = _sometimes(0.16)
    stubble: Field = _between(0.0, 0.30, bend=3.0)
    glasses: Field = _sometimes(0.14)
    frame_dark: Field = _between(0.0, 0.3)
    frame_width: Field = _between(0.03, 0.075)
    crooked: Field = _between(-0.25, 0.25)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene(_Sampled):
    """Pose, light and camera. Angles in radians, places and sizes in pixels, light from 0 to 1.

    Brightness and contrast of the finished picture are near FER2013's own (mean 129 with deviation 32,
    deviation within a picture 54 with deviation 14; 2,000 pictures of it).
    """

    yaw: Field = _between(-1.0, 1.0)
    pitch: Field = _between(-0.22, 0.22)
    roll: Field = _between(-1.0, 1.0)
    scale: Field = _between(14.2, 18.8)
    stretch: Field = _between(0.94, 1.06)
    eyes_x: Field = _between(21.5, 25.5)
    eyes_y: Field = _between(16.5, 21.0)
    gaze_x: Field = _between(-1.0, 1.0)
    gaze_y: Field = _between(-0.03, 0.04)
    light_side: Field = _between(-1.0, 1.0)
    light_up: Field = _between(-0.05, 0.85)
    ambient: Field = _between(0.32, 0.75)
    shine: Field = _between(0.0, 0.18)
    backdrop: Field = _between(0.0, 1.0)
    backdrop_slope: Field = _between(-0.25, 0.25)
    clutter: Field = _between(0.0, 0.35, bend=2.0)
    clothes: Field = _between(0.02, 0.95)
    mean: Field = _between(85.0, 170.0)
    contrast: Field = _between(36.0, 62.0)
    blur: Field = _between(0.0, 0.85)
    noise: Field = _between(0.5, 7.0, bend=3.0)
    covered: Field = _sometimes(0.12)
    cover_angle: Field = _between(-3.1416, 3.1416)
    cover_depth: Field = _between(17.0, 25.0)
    cover_width: Field = _between(5.0, 13.0)
    cover_tone: Field = _between(0.05, 0.95)
