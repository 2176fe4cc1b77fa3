"""The upper face: brows, lids, eyes and the wrinkles around them."""

from dataclasses import dataclass

import numpy as np

from mien.data._drawn_expressions import Moves
from mien.data._drawn_people import Person, Scene
from mien.data._drawn_random import Field
from mien.data._drawn_shapes import bump, darken, inside, line, paint, unit, waves
from mien.data._drawn_view import View


@dataclass(frozen=True, kw_only=True, eq=False)
class UpperFace:
    """What can be said of an upper face before it moves; fields (n, rows, 48) unless they belong to a person."""

    view: View
    person: Person
    scene: Scene
    brow: Field  # 0 at the inner end of the brow to 1 at the outer end
    eye: Field  # -1 at the inner corner of the eye, 1 at the outer
    socket: Field
    corner: Field  # outside the outer corner of the eye, rippled where skin folds
    bag: Field

    @classmethod
    def of(cls, view: View, person: Person, scene: Scene) -> "UpperFace":
        """The upper faces of these people, seen in these rows."""
        across = view.out - person.eye_apart
        corner = bump(view.out - 0.83, view.v - 0.03, 0.15, 0.22) * waves(view.v - 0.02, 0.15)
        fold = view.v - 0.20 - 0.1 * np.square(across * (1 / 0.3))
        return cls(
            view=view,
            person=person,
            scene=scene,
            brow=unit((view.out - 0.16) * (1 / 0.62)),
            eye=across * (1 / person.eye_width),
            socket=bump(across, view.v + 0.07, 0.42, 0.28),
            corner=corner,
            bag=line(fold, 0.08) * line(across, 0.36),
        )

    def paint(self, canvas: Field, moves: Moves) -> None:
        """Draw the upper face on skin, in place, moved like this."""
        lift = self._brow_lift(moves)
        self._furrows(canvas, moves, lift)
        self._shade(canvas, moves)
        self._eyes(canvas, moves)
        self._brows(canvas, moves, lift)

    def _brow_lift(self, moves: Moves) -> Field:
        """How far the brow stands above its place at rest: AU1 pulls its inner end up, AU2 its outer two thirds,
        AU4 draws all of it down, the inner end most."""
        inner = 1 - self.brow
        raised = (0.22 * moves[1]) * np.square(inner) + (0.20 * moves[2]) * (1 - np.square(inner))
        lowered = (0.24 * moves[4] + 0.10 * moves[9]) * (1 - 0.6 * moves[1])
        raised *= 1 + self.person.crooked * self.view.side
        return raised - lowered * (0.3 + 0.7 * inner) + 0.03 * moves[5] - 0.02 * moves[6]

    def _brows(self, canvas: Field, moves: Moves, lift: Field) -> None:
        """Hair of the brows, thick inside and tapering outwards; AU4 draws the inner ends together."""
        person, view = self.person, self.view
        along = (view.out - (0.17 - 0.06 * moves[4])) * (1 / 0.64)
        rest = 1 - along
        arch = person.brow_arch * 4 * along * rest + person.brow_tilt * (along - 0.5)
        above = view.v + person.brow_height + arch + lift
        half = person.brow_thickness * (0.45 + 0.65 * rest)
        cover = inside(half - np.abs(above), 1.4 * view.pixel)
        cover *= inside(np.minimum(along, rest), 3 * view.pixel)
        tone = np.minimum(person.hair, 0.75 * person.skin)
        paint(canvas, tone, cover * person.brow_dark)

    def _furrows(self, canvas: Field, moves: Moves, lift: Field) -> None:
        """Wrinkles of the forehead (AU1, AU2), between the brows (AU4) and outside the eyes (AU6)."""
        view, age = self.view, self.person.age
        depth = 0.35 + 0.65 * age
        height = view.v + self.person.brow_height + lift
        forehead = bump(view.u, height + 0.36, 0.5 + 0.25 * moves[2], 0.28) * waves(height, 0.17)
        raised = np.maximum(moves[1], moves[2]) * (1 - 0.5 * moves[4])
        dark = forehead * (0.22 * raised * depth + 0.03 * age)
        between = line(view.out - 0.085, 0.09) * line(height + 0.02, 0.26)
        dark += between * (0.34 * moves[4] * depth + 0.05 * age)
        dark += self.corner * (0.30 * moves[6] * depth + 0.05 * age)
        darken(canvas, dark)

    def _shade(self, canvas: Field, moves: Moves) -> None:
        """The shade below the brow, deeper where the brow is low, and the bag below the eye."""
        person = self.person
        dark = self.socket * (0.06 + 0.12 * person.eye_deep + 0.22 * moves[4] + 0.12 * person.make_up)
        dark += self.bag * (0.06 + 0.10 * person.age + 0.20 * moves[6] + 0.12 * moves[7])
        darken(canvas, dark)

    def _eyes(self, canvas: Field, moves: Moves) -> None:
        """White, iris and glint of the eye between the lids."""
        person, view, scene = self.person, self.view, self.scene
        curve = 1 - np.square(self.eye)
        down = view.v + person.eye_tilt * self.eye
        above, below = _lid_heights(person, moves)
        upper, lower = down + above * curve, below * curve - down
        opening = inside(np.minimum(upper, lower), view.pixel) * unit(curve * 4)
        paint(canvas, 0.34 + 0.55 * person.skin, opening)
        gaze = 0.09 * scene.gaze_x * np.abs(scene.gaze_x)
        across, height = view.out - person.eye_apart - gaze * view.side, view.v - scene.gaze_y
        ring = 0.13 - np.sqrt(np.square(across) + np.square(height))
        paint(canvas, person.iris, opening * inside(ring, view.pixel))
        paint(canvas, 0.03, opening * inside(ring - 0.075, view.pixel))
        glint = bump(across + 0.05 * scene.light_side, height + 0.05, 0.08, 0.08)
        paint(canvas, 1.0, (0.75 * opening) * glint)
        self._lids(canvas, moves, curve, upper, lower, down)

    def _lids(
        self, canvas: Field, moves: Moves, curve: Field, upper: Field, lower: Field, down: Field
    ) -> None:
        """The dark edge of the upper lid, the lighter one of the lower, and the crease."""
        person, view = self.person, self.view
        ends = unit((1.25 - np.abs(self.eye)) * 4)
        dark = 0.25 * np.minimum(person.skin, 0.5)
        edges = line(upper, 0.03 + 0.6 * view.pixel) * (0.60 + 0.35 * person.make_up)
        edges = np.maximum(edges, line(lower, 0.02 + 0.6 * view.pixel) * (0.20 + 0.30 * person.make_up))
        paint(canvas, dark, edges * ends)
        above = 0.12 * person.eye_open + 0.085 - 0.03 * moves[4]
        crease = line(down + above * curve, 0.03 + 0.5 * view.pixel) * unit(curve * 3 + 0.3)
        darken(canvas, crease * ((0.16 + 0.14 * person.eye_deep) * (1 - 0.6 * moves[5])))


def _lid_heights(person: Person, moves: Moves) -> tuple[Field, Field]:
    """How far the upper and the lower lid stand from the middle of the eye."""
    above = (
        0.12 * person.eye_open * (1 + 0.75 * moves[5] - 0.32 * moves[7] - 0.2 * moves[4] - 0.25 * moves[9])
    )
    below = 0.085 * person.eye_open * (1 + 0.35 * moves[5] - 0.6 * moves[7] - 0.5 * moves[6] - 0.5 * moves[9])
    return above * (1 - 1.35 * moves[43]) - 0.02 * moves[6], below
