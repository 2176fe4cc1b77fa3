"""FaceExpression: one face in a picture and the label that annotators would likely give it."""

from dataclasses import dataclass
from typing import Any

from mien.core.errors import DataError

UNSURE = "unsure"
UNSURE_BELOW = 0.4  # under this probability of the top expression no label is given; 1/7 is chance

WORDING = (
    "Each label is the one that human annotators would likely give this face, "
    "not what the person feels; under the threshold it is 'unsure'."
)


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle in pixels of the upright picture; it may reach over the picture's edge.

    Raises DataError where a side is not above 0.
    """

    left: float
    top: float
    width: float
    height: float

    def __post_init__(self) -> None:
        if not (self.width > 0 and self.height > 0):
            raise DataError(f"a box: expected sides above 0, got {self.width} x {self.height}")

    def scaled(self, across: float, along: float) -> "Box":
        """The same in a picture that is so many times as wide and as high.

        >>> Box(left=10, top=20, width=30, height=40).scaled(0.5, 2)
        Box(left=5.0, top=40, width=15.0, height=80)
        """
        return Box(
            left=self.left * across,
            top=self.top * along,
            width=self.width * across,
            height=self.height * along,
        )

    def to_dict(self) -> dict[str, float]:
        """Plain values for JSON, to a tenth of a pixel."""
        sides = ("left", "top", "width", "height")
        return {name: round(float(getattr(self, name)), 1) for name in sides}


@dataclass(frozen=True, kw_only=True)
class FaceExpression:
    """What the network says of one face, checked on creation.

    box            where the detector found it
    probabilities  calibrated, one of each class; they sum to 1
    classes        their names, in that order
    score          the detector's confidence from 0 to 1; None where nothing was detected (`--faces whole`)
    threshold      under this probability of the top expression the label is "unsure"
    frame, seconds place in a video: number from 0, and time since its start; 0 and None for a photo

    >>> face = FaceExpression(box=Box(left=0, top=0, width=48, height=48), probabilities=(0.9, 0.1),
    ...                       classes=("happy", "sad"))
    >>> face.label, face.confidence
    ('happy', 0.9)

    Raises DataError where there are not as many probabilities as classes, or they do not sum to 1.
    """

    box: Box
    probabilities: tuple[float, ...]
    classes: tuple[str, ...]
    score: float | None = None
    threshold: float = UNSURE_BELOW
    frame: int = 0
    seconds: float | None = None

    def __post_init__(self) -> None:
        if len(self.probabilities) != len(self.classes):
            raise DataError(
                f"a face: expected {len(self.classes)} probabilities ({', '.join(self.classes)}), "
                f"got {len(self.probabilities)}"
            )
        if not (min(self.probabilities) >= 0 and abs(sum(self.probabilities) - 1) < 1e-3):
            raise DataError(f"a face: expected probabilities that sum to 1, got {self.probabilities}")

    @property
    def confidence(self) -> float:
        """Probability of the top expression."""
        return max(self.probabilities)

    @property
    def expression(self) -> str:
        """The most probable class, however unsure."""
        return self.classes[self.probabilities.index(self.confidence)]

    @property
    def label(self) -> str:
        """The most probable class, or "unsure" where its probability is under the threshold."""
        return self.expression if self.confidence >= self.threshold else UNSURE

    def to_dict(self) -> dict[str, Any]:
        """The one form in which a face leaves mien: plain values for JSON."""
        return {
            "label": self.label,
            "expression": self.expression,
            "confidence": round(self.confidence, 4),
            "probabilities": {
                name: round(one, 4) for name, one in zip(self.classes, self.probabilities, strict=True)
            },
            "box": self.box.to_dict(),
            "score": None if self.score is None else round(self.score, 4),
            "frame": self.frame,
            "seconds": self.seconds,
        }
