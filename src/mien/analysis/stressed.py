"""What corruptions cost a network: accuracy, log-loss and calibration by kind and strength, and the weakest point."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mien.analysis.calibration import confidence_and_right, expected_calibration_error
from mien.analysis.metrics import log_loss
from mien.core.errors import DataError, RunError
from mien.core.images import Bools, Floats
from mien.core.predictions import Predictions

_SAMPLES = 1000  # of the bootstrap


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Accuracy and expected calibration error (shares of 1) and log-loss (nats) on the same faces."""

    accuracy: float
    log_loss: float
    ece: float


@dataclass(frozen=True, kw_only=True)
class Corrupted:
    """The figures under one corruption, from the mildest strength to the strongest.

    amounts  what each strength is, in `unit`
    loss     share of the clean accuracy that is lost, mean over strengths; below 0 where a corruption helps
    """

    name: str
    unit: str
    amounts: tuple[float, ...]
    figures: tuple[Figures, ...]
    loss: float


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The faces that were measured, and what they were put through.

    part, faces, of  so many faces of the part, chosen by `seed`, of so many that it has
    digest           of the faces (LabelledImages.digest): equal exactly where two runs were measured on the same
    name             of the frozen set of corruptions
    set_digest       of what the set made on the machine that measured
    as_frozen        whether that is what it made when it was named
    weights          SHA-256 of the network's weights
    """

    part: str
    faces: int
    of: int
    seed: int
    digest: str
    name: str
    set_digest: str
    as_frozen: bool
    weights: str


@dataclass(frozen=True, kw_only=True)
class Stress:
    """How a run stands a set of corruptions.

    loss      share of the clean accuracy that is lost, mean over corruptions and strengths
    interval  of the loss, 95 %, by bootstrap over faces
    """

    run: str
    sample: Sample
    clean: Figures
    corruptions: tuple[Corrupted, ...]
    loss: float
    interval: tuple[float, float]

    @property
    def weakest(self) -> Corrupted:
        """The corruption that costs most, mean over its strengths."""
        return max(self.corruptions, key=lambda each: each.loss)

    @property
    def strongest(self) -> Corrupted:
        """The corruption that costs least."""
        return min(self.corruptions, key=lambda each: each.loss)

    @property
    def ece(self) -> float:
        """Expected calibration error, mean over corruptions and strengths."""
        return float(np.mean([figures.ece for each in self.corruptions for figures in each.figures]))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"weakest": self.weakest.name, "ece": self.ece}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Stress":
        """What to_dict gave; RunError where it is something else."""
        try:
            return cls(
                run=str(values["run"]),
                sample=Sample(**values["sample"]),
                clean=Figures(**values["clean"]),
                corruptions=tuple(_corrupted(each) for each in values["corruptions"]),
                loss=float(values["loss"]),
                interval=(float(values["interval"][0]), float(values["interval"][1])),
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise RunError(f"not what mien stress writes ({error!r})") from error


def _corrupted(values: Mapping[str, Any]) -> Corrupted:
    figures = tuple(Figures(**each) for each in values["figures"])
    amounts = tuple(values["amounts"])
    if not len(figures) == len(amounts) > 0:
        raise ValueError(f"{values['name']}: {len(figures)} figures for {len(amounts)} strengths")
    return Corrupted(**{**values, "figures": figures, "amounts": amounts})


def stressed(
    run: str,
    sample: Sample,
    clean: Predictions,
    found: Mapping[str, Sequence[Predictions]],
    meaning: Mapping[str, tuple[str, tuple[float, ...]]],
) -> Stress:
    """The figures of a run from what it said of the same faces, clean and corrupted.

    found    of each corruption the predictions at each strength
    meaning  of each corruption the unit and the amounts of its strengths

    Raises DataError where the network names no clean face right: then there is nothing to lose.
    """
    right = _right(clean)
    if not right.any():
        raise DataError(f"run {run}: none of {len(clean)} clean faces is named right, so nothing can be lost")
    hits = {name: np.array([_right(each) for each in strengths]) for name, strengths in found.items()}
    every = np.concatenate(list(hits.values()))  # (corruptions * strengths, n)
    return Stress(
        run=run,
        sample=sample,
        clean=_figures(clean),
        corruptions=tuple(
            Corrupted(
                name=name,
                unit=meaning[name][0],
                amounts=meaning[name][1],
                figures=tuple(map(_figures, strengths)),
                loss=relative_loss(right, hits[name]),
            )
            for name, strengths in found.items()
        ),
        loss=relative_loss(right, every),
        interval=_loss_interval(right, every),
    )


def _figures(predictions: Predictions) -> Figures:
    confidence, right = confidence_and_right(predictions)
    return Figures(
        accuracy=float(right.mean()),
        log_loss=log_loss(predictions.probs, predictions.labels),
        ece=expected_calibration_error(confidence, right),
    )


def _right(predictions: Predictions) -> Bools:
    return predictions.predicted == predictions.labels


def relative_loss(right: Bools, hits: Bools) -> float:
    """The share of the accuracy that is lost: right (n,) on clean faces, hits (m, n) on corrupted ones.

    >>> relative_loss(np.array([True, True, False, True]), np.array([[True, False, False, True]]))
    0.33333333333333337
    """
    return 1 - float(hits.mean() / right.mean())


def _loss_interval(right: Bools, hits: Bools, seed: int = 0) -> tuple[float, float]:
    """2.5 and 97.5 % of the loss over samples of the faces with replacement (Efron 1979).

    A sample in which no clean face is right says nothing of a loss, and is left out.
    """
    chosen = np.random.default_rng(seed).multinomial(
        len(right), np.full(len(right), 1 / len(right)), _SAMPLES
    )
    clean: Floats = chosen.astype(np.float64) @ right.astype(np.float64)
    kept: Floats = chosen @ hits.mean(axis=0)
    low, high = np.quantile(1 - kept[clean > 0] / clean[clean > 0], (0.025, 0.975))
    return float(low), float(high)
