"""Cards: every class has its bar, and the marks say which is true and which predicted."""

import numpy as np
import pytest

from mien.diagnostics._face_cards import card

FACE = np.arange(4, dtype=np.uint8).reshape(2, 2)


@pytest.mark.parametrize(
    ("probabilities", "true", "marks"),
    [
        ([0.1, 0.7, 0.2], 1, ["", "both", ""]),
        ([0.1, 0.7, 0.2], 2, ["", "predicted", "true"]),
        (
            [0.4, 0.4, 0.2],
            1,
            ["predicted", "true", ""],
        ),  # of equals the first is predicted, as in Predictions
    ],
)
def test_marks(probabilities: list[float], true: int, marks: list[str]) -> None:
    made = card(FACE, np.array(probabilities, dtype=np.float32), ("a", "<b>", "c"), true, "7", "a line")
    assert [bar.mark for bar in made.bars] == marks
    assert [bar.name for bar in made.bars] == ["a", "<b>", "c"]
    assert [bar.share for bar in made.bars] == pytest.approx(probabilities)
    assert (made.id, made.heading) == ("7", "a line")
    assert made.pixels is FACE


def test_a_score_for_each_class() -> None:
    with pytest.raises(ValueError, match="zip"):
        card(FACE, np.array([0.5, 0.5]), ("a", "b", "c"), 0, "7", "")
