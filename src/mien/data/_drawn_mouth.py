"""The lower face: nose, cheeks, mouth, teeth and chin."""

from dataclasses import dataclass

import numpy as np

from mien.data._drawn_expressions import Moves
from mien.data._drawn_people import Person
from mien.data._drawn_random import Field
from mien.data._drawn_shapes import bump, darken, inside, line, paint, unit, waves
from mien.data._drawn_view import View


@dataclass(frozen=True, kw_only=True, eq=False)
class Mouth:
    """Where the mouth is, per pixel, (n, rows, 48).

    along   |u| in half mouth widths: 1 at the corners
    bow     1 in the middle of the mouth to 0 at its corners and beyond
    upper   how far below the lower edge of the upper lip
    lower   how far below the upper edge of the lower lip
    ends    1 between the corners, 0 outside
    """

    along: Field
    bow: Field
    upper: Field
    lower: Field
    ends: Field


@dataclass(frozen=True, kw_only=True, eq=False)
class LowerFace:
    """What can be said of a lower face before it moves; fields (n, rows, 48) unless they belong to a person."""

    view: View
    person: Person
    beard: Field
    below_corners: Field
    nose_sides: Field
    chin_dimples: Field

    @classmethod
    def of(cls, view: View, person: Person) -> "LowerFace":
        """The lower faces of these people, seen in these rows."""
        from_corner = line(view.out - 1.12 * person.mouth_width, 0.09)
        return cls(
            view=view,
            person=person,
            beard=_beard(view, person),
            below_corners=from_corner * line(view.v - person.mouth_height - 0.22, 0.26),
            nose_sides=bump(view.out - 0.20, view.v - 0.30, 0.14, 0.26),
            chin_dimples=_chin_dimples(view, person),
        )

    def paint(self, canvas: Field, moves: Moves) -> None:
        """Draw the lower face on skin, in place, moved like this."""
        mouth = self._mouth(moves)
        paint(canvas, np.minimum(self.person.hair + 0.04, 0.6 * self.person.skin), self.beard)
        self._folds(canvas, moves)
        self._nose(canvas, moves)
        self._lips(canvas, moves, mouth)
        self._opening(canvas, moves, mouth)
        self._surroundings(canvas, moves, mouth)

    def _mouth(self, moves: Moves) -> Mouth:
        """The mouth as these action units shape it."""
        view, person = self.view, self.person
        widening = 1 + 0.27 * moves[12] + 0.26 * moves[20] + 0.05 * moves[10] + 0.04 * moves[15]
        narrowing = (
            1 - 0.14 * moves[23] - 0.05 * moves[24] - 0.22 * moves[26] * (1 - moves[12]) - 0.06 * moves[17]
        )
        width = person.mouth_width * widening * narrowing
        along = view.out * (1 / width)
        square = np.square(along).clip(0, 1.6)
        bow = unit(1 - square)
        rounded = np.sqrt(bow)
        # Corners go up with AU12, down with AU15 and a little with AU20.
        corners = -0.21 * moves[12] + 0.17 * moves[15] + 0.05 * moves[20] + 0.02 * moves[10]
        closed = (
            view.v - _lip_line(person, moves) - (corners * (1 + 0.7 * person.crooked * view.side)) * square
        )
        up, down = _parting(moves)
        return Mouth(
            along=along,
            bow=bow,
            upper=closed + up * rounded,
            lower=closed - down * rounded,
            ends=inside((1 - along) * width, 1.5 * view.pixel),
        )

    def _folds(self, canvas: Field, moves: Moves) -> None:
        """The fold from nose to mouth (AU9, AU10, AU12), with the cheek standing out beside it."""
        down = self.view.v - 0.52
        spread = 0.25 + 0.10 * moves[12] + 0.05 * moves[10] + 0.04 * moves[20]
        fold = self.view.out - spread - (0.36 + 0.16 * moves[12]) * down
        reach = unit(4 * down + 0.7 + 1.0 * moves[9]) * unit(3 * (0.60 - down))
        age = self.person.age
        deep = 0.06 + 0.16 * age
        deep = deep + (0.26 * moves[12] + 0.22 * moves[10] + 0.18 * moves[9] + 0.08 * moves[15]) * (
            0.6 + 0.4 * age
        )
        darken(canvas, (line(fold, 0.12) - 0.35 * line(fold - 0.16, 0.18)) * reach * deep)

    def _nose(self, canvas: Field, moves: Moves) -> None:
        """Nostrils, the shade under the tip, the edges of the wings, and AU9 with its wrinkled sides."""
        view, person = self.view, self.person
        tip = view.v - person.nose_length + 0.07 * moves[9] + 0.03 * moves[10]
        wide = person.nose_width * (1 + 0.16 * moves[9] + 0.08 * moves[10] + 0.10 * moves[12])
        dark = 0.25 * bump(view.u, tip - 0.03, 1.1 * wide, 0.11)
        dark += 0.22 * line(view.out - wide - 0.02, 0.08) * line(tip + 0.09, 0.18)
        dark += (0.30 * moves[9]) * self.nose_sides
        darken(canvas, dark)
        paint(canvas, 0.10, 0.75 * bump(view.out - 0.48 * wide, tip + 0.01, 0.48 * wide, 0.08))

    def _lips(self, canvas: Field, moves: Moves, mouth: Mouth) -> None:
        """Both lips, thinner when pressed, tightened or stretched."""
        person, soft = self.person, 1.2 * self.view.pixel
        thin = 1 - 0.75 * np.maximum(moves[23], moves[24]) - 0.25 * moves[12] - 0.2 * moves[20]
        full = mouth.bow * (2 - mouth.bow)
        lower_lip = person.lip_lower * thin * (1 + 0.1 * moves[17])
        upper = np.minimum(-mouth.upper, mouth.upper + (person.lip_upper * thin) * full)
        lower = np.minimum(mouth.lower, lower_lip * full - mouth.lower)
        tone = person.skin * (1 - person.lip_dark) - 0.03
        paint(canvas, 0.86 * tone, inside(upper, soft) * mouth.ends)
        paint(canvas, tone, inside(lower, soft) * mouth.ends)
        darken(canvas, -0.14 * bump(self.view.u, mouth.lower - 0.5 * lower_lip, 0.2, 0.06))

    def _opening(self, canvas: Field, moves: Moves, mouth: Mouth) -> None:
        """The dark of the mouth with its teeth; a dark line where the lips meet."""
        person, view = self.person, self.view
        gap = (
            np.minimum(mouth.upper, -mouth.lower) - 0.5 * view.pixel
        )  # nothing of the inside where lips touch
        opening = inside(gap, view.pixel) * mouth.ends
        paint(canvas, 0.05 + 0.05 * person.skin, opening * unit(mouth.bow * 5))
        shown = 0.25 + 0.9 * moves[12] + 0.8 * moves[10] + 0.5 * moves[20] + 0.3 * moves[4] - 0.3 * moves[2]
        bared = moves[16] + 0.45 * moves[20] + 0.2 * moves[4]
        upper = inside(0.14 - mouth.upper, view.pixel) * unit(shown)
        lower = inside(mouth.lower + 0.11, view.pixel) * unit(bared)
        teeth = np.maximum(upper, lower) * unit(1.5 * mouth.bow + 0.1)
        paint(canvas, 0.60 + 0.3 * person.skin, teeth * opening)
        meeting = line(np.minimum(mouth.upper, mouth.lower), 0.03 + 0.6 * view.pixel)
        paint(canvas, 0.10 + 0.12 * person.skin, 0.7 * meeting * mouth.ends * (1 - 0.7 * opening))

    def _surroundings(self, canvas: Field, moves: Moves, mouth: Mouth) -> None:
        """Dimples (AU12, AU20), lines below the corners (AU15), the shade under the lip and the chin of AU17."""
        person, view = self.person, self.view
        dark = bump(mouth.along - 1.05, mouth.lower, 0.28, 0.11)
        dark *= 0.08 + 0.26 * moves[12] + 0.20 * moves[20] + 0.22 * moves[15] + 0.14 * moves[24]
        dark += self.below_corners * (0.30 * moves[15] + 0.06 * person.age + 0.14 * moves[17])
        under = bump(view.u, mouth.lower - person.lip_lower - 0.07, 0.34, 0.11)
        dark += under * (0.14 + 0.20 * moves[17] + 0.07 * moves[23])
        dark += (0.25 * moves[17]) * self.chin_dimples
        darken(canvas, dark)


def _beard(view: View, person: Person) -> Field:
    """Beard and moustache, or the shade of a shaven one."""
    lip = bump(view.u, view.v - 0.86, 0.50, 0.16)
    jaw = unit((view.v - 0.55 - 0.75 * (1.05 - view.out)) * 2.2)
    chin = bump(view.u, view.v - 1.5, 0.75, 0.42)
    full = np.maximum(np.maximum(jaw, chin * 1.6), lip * 1.8).clip(0, 1)
    return full * np.maximum(0.7 * person.beard, person.stubble)


def _chin_dimples(view: View, person: Person) -> Field:
    """Where the skin of the chin puckers when it is pushed up."""
    down = view.v - person.chin + 0.24
    return bump(view.u, down, 0.30, 0.20) * waves(view.u, 0.16) * waves(down, 0.18)


def _lip_line(person: Person, moves: Moves) -> Field:
    """Height of the middle of the closed mouth: AU17 pushes it up, AU26 lets it sink."""
    return person.mouth_height - 0.06 * moves[17] + 0.04 * moves[26] - 0.03 * moves[9] - 0.02 * moves[12]


def _parting(moves: Moves) -> tuple[Field, Field]:
    """How far the upper lip goes up and the lower one down from the line where they met."""
    up = (
        0.03 * moves[25]
        + 0.10 * moves[10]
        + 0.05 * moves[12] * moves[25]
        + 0.04 * moves[26]
        + 0.04 * moves[9]
    )
    down = moves[25] * (0.10 + 0.10 * moves[16] + 0.06 * moves[12] + 0.04 * moves[20]) + 0.36 * moves[26]
    down = down + 0.05 * moves[16]
    return up * np.maximum(moves[25], 0.35 * moves[10]), down
