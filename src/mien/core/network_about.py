"""What an exported network says about itself: written by the export, read before it predicts."""

import json
import math
from dataclasses import dataclass

from mien.core.errors import DataError

_PREFIX = "mien."
_FIELDS = ("classes", "side", "temperature", "mien", "run", "weights")


@dataclass(frozen=True, kw_only=True)
class NetworkAbout:
    """The metadata of an ONNX file that mien exported, checked on creation.

    classes      names of the logits, in order
    side         height and width in pixels of the faces that it takes
    temperature  logits are divided by it before the softmax (Guo et al. 2017, arXiv:1706.04599)
    mien         version that exported it
    run          name of the run that it was trained in
    weights      SHA-256 (hex) of the run's weights

    Raises DataError where a value makes no sense.
    """

    classes: tuple[str, ...]
    side: int
    temperature: float
    mien: str
    run: str
    weights: str

    def __post_init__(self) -> None:
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes):
            raise DataError(f"a network: expected two or more classes, each once, got {self.classes}")
        if not 1 <= self.side <= 1024:
            raise DataError(f"a network: expected faces of 1 to 1024 pixels a side, got {self.side}")
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise DataError(f"a network: expected a temperature above 0, got {self.temperature}")

    def to_metadata(self) -> dict[str, str]:
        """As ONNX keeps it: text by key, each value in JSON."""
        return {_PREFIX + name: json.dumps(getattr(self, name)) for name in _FIELDS}

    @classmethod
    def from_metadata(cls, metadata: dict[str, str]) -> "NetworkAbout":
        """Read what to_metadata wrote; DataError, naming the key, where it is something else.

        >>> about = NetworkAbout(classes=("a", "b"), side=48, temperature=1.5, mien="1", run="cnn-1", weights="0f")
        >>> NetworkAbout.from_metadata(about.to_metadata()) == about
        True
        """
        missing = [_PREFIX + name for name in _FIELDS if _PREFIX + name not in metadata]
        if missing:
            raise DataError(f"metadata lacks {', '.join(missing)}; mien export writes it")
        try:
            values = {name: json.loads(metadata[_PREFIX + name]) for name in _FIELDS}
            return cls(
                classes=tuple(str(name) for name in values["classes"]),
                side=int(values["side"]),
                temperature=float(values["temperature"]),
                mien=str(values["mien"]),
                run=str(values["run"]),
                weights=str(values["weights"]),
            )
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise DataError(f"metadata of mien is damaged ({error})") from error
