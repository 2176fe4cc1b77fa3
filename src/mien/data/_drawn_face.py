"""A whole face: skin, features, relief and light, laid over what stands behind it."""

from dataclasses import dataclass

import numpy as np

from mien.data._drawn_expressions import Moves
from mien.data._drawn_eyes import UpperFace
from mien.data._drawn_head import Head
from mien.data._drawn_mouth import LowerFace
from mien.data._drawn_people import Person, Scene
from mien.data._drawn_random import Field, Stream
from mien.data._drawn_shapes import bump, inside, paint, stretched, unit, waves
from mien.data._drawn_view import SIDE, View, look

# Rows that the features can reach in any pose that Scene allows: brows and eyes, nose and mouth.
_UPPER, _LOWER = slice(0, 36), slice(15, SIDE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sitting:
    """People in front of a camera, with all that does not change when they move their faces."""

    person: Person
    scene: Scene
    view: View
    head: Head
    skin: Field  # (n, 48, 48), skin without features
    relief: Field  # (n, 48, 48), how far the parts that do not move stand out
    nose_root: Field  # (n, 48, 48), where AU9 wrinkles the skin between the eyes
    upper: UpperFace
    lower: LowerFace

    @classmethod
    def of(cls, stream: Stream) -> "Sitting":
        """The sitting of the faces of this stream."""
        person, scene = Person.sample(stream), Scene.sample(stream)
        view = look(person, scene)
        return cls(
            person=person,
            scene=scene,
            view=view,
            head=Head.of(view, person, scene, stream),
            skin=_skin(view, person, stream),
            relief=_relief(view, person),
            nose_root=bump(view.u, view.v + 0.03, 0.30, 0.22) * waves(view.v + 0.02, 0.17),
            upper=UpperFace.of(view.rows(_UPPER.start, _UPPER.stop), person, scene),
            lower=LowerFace.of(view.rows(_LOWER.start, _LOWER.stop), person),
        )

    def expose(self, moves: Moves) -> Field:
        """The light that reaches the camera from faces moved like this, before blur and noise, (n, 48, 48)."""
        canvas = self.skin.copy()
        for part, rows in ((self.upper, _UPPER), (self.lower, _LOWER)):
            region = canvas[:, rows].copy()
            part.paint(region, moves)
            canvas[:, rows] = region
        canvas *= self._light(moves)
        picture = self.head.back.copy()
        paint(picture, canvas, self._outline(moves))
        self.head.front.lay_over(picture)
        return picture

    def _outline(self, moves: Moves) -> Field:
        """1 on the face, 0 outside: round above, a jaw that drops with AU26 below."""
        view, person = self.view, self.person
        chin = person.chin - 0.05 + 0.22 * moves[26] - 0.04 * moves[17]
        below = (view.y - 0.05).clip(0, 9)
        above = (view.y - 0.05 - below) * np.float32(1 / 1.72)
        below *= 1 / chin
        across = view.x - 0.28 * view.turn * below
        across *= 1 + (1 / person.jaw_width - 1) * unit(below * 1.5)
        across *= across
        along = np.square(above) + np.square(below)
        soft = across + along
        square = np.square(across) + np.square(along)
        return inside(0.5 - 0.5 * soft + (0.5 * person.jaw_square) * (soft - square), 1.5 * view.pixel)

    def _moved_relief(self, moves: Moves) -> Field:
        """Relief with the cheeks that AU6 and AU12 bunch up and the chin that AU17 and AU26 move."""
        view, person = self.view, self.person
        full = 0.08 + 0.04 * person.fullness + 0.10 * moves[12] + 0.08 * moves[6] + 0.04 * moves[9]
        relief = full * bump(view.out - 0.55, view.v - 0.52 + 0.14 * moves[12] + 0.12 * moves[6], 0.40, 0.42)
        chin = bump(view.u, view.v - person.chin + 0.22 - 0.24 * moves[26], 0.34, 0.26)
        relief += (0.10 + 0.04 * moves[17]) * chin
        relief += (0.035 * moves[9]) * self.nose_root
        relief += self.relief
        return relief

    def _light(self, moves: Moves) -> Field:
        """Light on the skin: ambient and one lamp, by Lambert's law, with a little shine."""
        view, scene = self.view, self.scene
        across, down = _slopes(self._moved_relief(moves), 0.5 * scene.scale)
        np.subtract(view.across, across, out=across)
        np.subtract(view.down, down, out=down)
        length = np.sqrt(np.square(across) + np.square(down) + np.square(view.front))
        side, up = np.sin(1.15 * scene.light_side), scene.light_up
        front = np.sqrt(1 - 0.8 * np.square(side))
        size = np.sqrt(np.square(side) + np.square(up) + np.square(front))
        facing = across * (side / size) - down * (up / size) + view.front * (front / size)
        unit(np.divide(facing, length, out=facing))
        shine = np.square(np.square(facing))
        shine *= shine
        return scene.ambient + (1.15 - scene.ambient) * facing + scene.shine * shine


def _skin(view: View, person: Person, stream: Stream) -> Field:
    """Skin with its blotches, shaded beside the root of the nose, lighter on its ridge and tip."""
    blotches = stretched(stream.grain("skin", (14, 14)), SIDE)
    skin = person.skin * (1 + 0.05 * person.mottle * blotches)
    skin *= 1 - 0.16 * bump(view.out - 0.2, view.v + 0.05, 0.14, 0.2)
    skin *= 1 + 0.12 * bump(view.u, view.v - person.nose_length + 0.17, 0.13, 0.16)
    skin *= 1 + 0.08 * bump(view.u, view.v - 0.25, 0.09, 0.40)
    return skin


def _relief(view: View, person: Person) -> Field:
    """How far nose, sockets, jaws and forehead stand out from a smooth head."""
    relief = (0.14 * person.nose_high) * bump(view.u, view.v - 0.35, 0.26, 0.62)
    relief += (0.17 * person.nose_high) * bump(view.u, view.v - person.nose_length + 0.14, 0.30, 0.28)
    relief -= (0.07 + 0.06 * person.eye_deep) * bump(view.out - person.eye_apart, view.v - 0.02, 0.38, 0.29)
    relief += 0.10 * bump(view.u, view.v - person.mouth_height, 0.55, 0.42)
    relief += 0.05 * bump(view.u, view.v + 0.75, 0.8, 0.5)
    return relief


def _slopes(relief: Field, scale: Field) -> tuple[Field, Field]:
    """Change of the relief across and down; flat along the border of the picture."""
    across, down = np.zeros_like(relief), np.zeros_like(relief)
    np.subtract(relief[:, :, 2:], relief[:, :, :-2], out=across[:, :, 1:-1])
    np.subtract(relief[:, 2:], relief[:, :-2], out=down[:, 1:-1])
    across *= scale
    down *= scale
    return across, down
