"""Action units: every expression moves what its prototype says, and each unit changes its own part of the face."""

import numpy as np
import pytest

from mien.core.labels import EXPRESSIONS
from mien.data._drawn_camera import blurred, exposed
from mien.data._drawn_expressions import NEIGHBOURS, PROTOTYPES, UNITS, Moves, act
from mien.data._drawn_face import Sitting
from mien.data._drawn_random import Stream
from mien.data.drawn import MASK_LEVELS, draw

NUMBERS = list(UNITS)
MANY = 4000

# Action units of the EMFACS prototypes (Friesen and Ekman 1983), from the literature rather than from the code.
EMFACS = {
    "happy": {6, 12},
    "sad": {1, 4, 15},
    "surprise": {1, 2, 5, 26},
    "fear": {1, 2, 4, 5, 20},
    "angry": {4, 5, 7, 23},
    "disgust": {9},
}


def units_of(expression, ambiguity=0.0):
    """Units of many faces of one expression, (MANY, units)."""
    stream = Stream(seed=9, index=np.arange(MANY, dtype=np.uint64))
    return act(stream, np.full(MANY, EXPRESSIONS.index(expression)), ambiguity).units


@pytest.mark.parametrize("expression", EMFACS)
def test_units_of_the_prototype_are_the_strong_ones(expression):
    mean = dict(zip(NUMBERS, units_of(expression).mean(axis=0), strict=True))
    others = [mean[number] for number in NUMBERS if number not in PROTOTYPES[expression]]
    assert min(mean[number] for number in EMFACS[expression]) > 0.15
    assert max(others) < 0.06


def test_neutral_faces_hardly_move():
    assert units_of("neutral").max() <= 0.12


@pytest.mark.parametrize("expression", [name for name in EXPRESSIONS if name != "neutral"])
def test_shares_and_intensities_follow_the_table(expression):
    units = units_of(expression)
    for number, (share, intensity) in PROTOTYPES[expression].items():
        if number in (17, 23, 24, 25, 43) or intensity < 0.45:
            continue  # these give way to other units, or are hard to tell from idle movement
        column = units[:, NUMBERS.index(number)]
        # Idle movement ends at 0.12; a shown unit is at least 0.4 * 0.75 of its intensity.
        shown = column > 0.4 * 0.75 * intensity
        assert shown.mean() == pytest.approx(share, abs=0.03)
        # Strength 1 - 0.6 u^1.5 has mean 0.76; the person's own 0.75 + 0.35 u has mean 0.925; idling adds 0.04.
        assert column[shown].mean() == pytest.approx(0.76 * 0.925 * intensity + 0.04, abs=0.04)


def test_pressed_lips_do_not_part():
    units = units_of("angry")
    apart = units[:, NUMBERS.index(25)] > 0.3
    assert apart.any()
    assert units[apart][:, NUMBERS.index(24)].mean() < 0.75 * units[~apart][:, NUMBERS.index(24)].mean()


def test_neighbours_are_a_distribution_over_other_expressions():
    for expression, others in NEIGHBOURS.items():
        assert sum(share for _, share in others) == pytest.approx(1)
        assert expression not in dict(others)
        assert set(dict(others)) <= set(EXPRESSIONS)


def test_neighbours_are_drawn_as_often_as_stated():
    stream = Stream(seed=2, index=np.arange(MANY, dtype=np.uint64))
    drawn = act(stream, np.full(MANY, EXPRESSIONS.index("fear")), 0.3).neighbours
    assert (drawn == EXPRESSIONS.index("surprise")).mean() == pytest.approx(0.7, abs=0.03)


def test_half_way_faces_have_the_mean_of_both_expressions():
    half = units_of("fear", ambiguity=1.0).mean(axis=0)
    own, other, third = (units_of(name).mean(axis=0) for name in ("fear", "surprise", "sad"))
    upper = [NUMBERS.index(number) for number in (1, 2, 4, 5, 6, 20)]
    assert half[upper] == pytest.approx((0.5 * own + 0.35 * other + 0.15 * third)[upper], abs=0.03)


class TestPictures:
    """What a unit does to the picture, judged on people who look straight at the camera, nothing in the way."""

    def moved(self, number):
        """Pictures with one unit at 1 and at rest, and where v, the height on the face, lies; rows (n, 48, 48)."""
        sitting = Sitting.of(Stream(seed=0, index=np.arange(64, dtype=np.uint64)))
        units = np.zeros((64, len(UNITS)), dtype=np.float32)
        rest = sitting.expose(Moves(units))
        moved = units.copy()
        moved[:, NUMBERS.index(number)] = 1
        return sitting, sitting.expose(Moves(moved)), rest

    @pytest.mark.parametrize("number", NUMBERS)
    def test_every_unit_is_visible(self, number):
        _, moved, rest = self.moved(number)
        assert (np.abs(moved - rest).max(axis=(1, 2)) > 0.05).mean() > 0.8

    @pytest.mark.parametrize("number", [1, 2, 4, 5, 7, 43])
    def test_brows_and_lids_leave_the_mouth_alone(self, number):
        sitting, moved, rest = self.moved(number)
        mouth = sitting.view.v > 0.75
        assert np.abs(moved - rest)[mouth].max() < 1e-5

    @pytest.mark.parametrize("number", [15, 16, 17, 20, 23, 24, 25])
    def test_lips_leave_the_eyes_alone(self, number):
        sitting, moved, rest = self.moved(number)
        eyes = sitting.view.v < -0.2
        assert np.abs(moved - rest)[eyes].max() < 1e-5

    def test_jaw_drop_opens_a_dark_mouth_and_lowers_the_chin(self):
        sitting, moved, rest = self.moved(26)
        person, view = sitting.person, sitting.view
        mouth = (
            (view.out < 0.15) & (view.v > person.mouth_height + 0.12) & (view.v < person.mouth_height + 0.25)
        )
        assert (moved - rest)[mouth].mean() < -0.1
        assert (sitting._outline(Moves(np.eye(len(UNITS))[[NUMBERS.index(26)] * 64]))).sum() > (
            sitting._outline(Moves(np.zeros((64, len(UNITS)))))
        ).sum()

    def test_brow_lowerer_brings_the_brow_down(self):
        sitting, moved, rest = self.moved(4)
        person, view = sitting.person, sitting.view
        inner = (view.out > 0.2) & (view.out < 0.35)
        above, below = (inner & (np.abs(view.v + person.brow_height + step) < 0.04) for step in (0.2, -0.2))
        change = moved - rest
        assert change[below].mean() < -0.05
        assert change[above].mean() > -0.02


class TestMask:
    """The mask is what it says: where the picture differs from the same face at rest."""

    def test_outside_the_mask_a_face_looks_as_it_does_at_rest(self):
        faces = draw(64, seed=6)
        stream = Stream(seed=6, index=np.arange(64, dtype=np.uint64))
        sitting = Sitting.of(stream)
        rest = sitting.expose(Moves(np.zeros_like(faces.action_units)))
        moved = sitting.expose(Moves(faces.action_units))
        rest, moved = (blurred(exposed(each, rest, sitting.scene), sitting.scene) for each in (rest, moved))
        difference = np.abs(moved.clip(0, 255) - rest.clip(0, 255))
        assert difference[~faces.mask].max() <= MASK_LEVELS
        assert difference[faces.mask].min() > MASK_LEVELS
        # And the finished picture is the moved one but for its noise.
        noise = faces.faces.pixels - moved.clip(0, 255)
        assert np.abs(noise).mean() < 3
        assert np.abs(noise).max() < 40

    def test_expressions_mark_a_small_part_and_neutral_faces_almost_none(self):
        faces = draw(700, seed=3, ambiguity=0.0)
        neutral = faces.true_labels == EXPRESSIONS.index("neutral")
        shares = faces.mask.mean(axis=(1, 2))
        assert shares[neutral].mean() < 0.01
        assert 0.04 < shares[~neutral].mean() < 0.25

    def test_mask_lies_where_the_expression_is(self):
        faces = draw(700, seed=3, ambiguity=0.0)
        rows = np.arange(48)[None, :, None]
        surprise = faces.mask[faces.true_labels == EXPRESSIONS.index("surprise")]
        share_below = (surprise & (rows >= 28)).sum() / surprise.sum()
        assert 0.4 < share_below < 0.9  # the open mouth, and brows above
        assert not faces.mask[:, :, :2].mean() > 0.02  # the edge of the frame shows no face
