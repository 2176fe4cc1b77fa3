"""Everything that decides what a training run computes, saved with the run as config.json."""

import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from mien.core.errors import ConfigError

Option = str | float | int | bool | tuple[Any, ...]


def _expect(holds: bool, name: str, expected: str, got: object) -> None:
    if not holds:
        raise ConfigError(f"{name}: expected {expected}, got {got}")


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How training faces are varied; every amount is the largest, drawn evenly from minus to plus it.

    flip       mirrored left to right, every second time on average
    shift      pixels, along x and along y
    rotation   degrees
    scale      share of the size
    light      gamma and contrast by up to e to this, brightness by this share of a face's usual deviation; 0.3 is a lot
    sharpness  share of what a blur of 3x3 pixels takes away that is added, or taken away
    erase      probability that a rectangle of 2 to 20 % of the face is greyed out (Zhong et al. 2017)
    """

    flip: bool = True
    shift: float = 4.0
    rotation: float = 10.0
    scale: float = 0.1
    light: float = 0.0
    sharpness: float = 0.0
    erase: float = 0.0

    def __post_init__(self) -> None:
        _expect(self.shift >= 0, "shift", "pixels of at least 0", self.shift)
        _expect(0 <= self.rotation <= 180, "rotation", "degrees from 0 to 180", self.rotation)
        _expect(0 <= self.scale < 1, "scale", "a share from 0 to below 1", self.scale)
        _expect(0 <= self.light <= 1, "light", "0 to 1", self.light)
        _expect(0 <= self.sharpness <= 1, "sharpness", "a share from 0 to 1", self.sharpness)
        _expect(0 <= self.erase <= 1, "erase", "a probability", self.erase)

    def hardly(self) -> "Augmentation":
        """What is left of it in the last epochs (TrainConfig.late_share).

        Varied faces look otherwise than those that are read at the end, and a network's last steps decide what it is
        best at (Touvron et al. 2019, who end with the size of the test images).
        """
        left = {name: HARDLY * getattr(self, name) for name in ("shift", "rotation", "scale")}
        return Augmentation(flip=self.flip, **left)


HARDLY = 0.3  # of the usual shift, rotation and scale, in the last epochs
NO_AUGMENTATION = Augmentation(flip=False, shift=0, rotation=0, scale=0, erase=0)


@dataclass(frozen=True, kw_only=True)
class KnownRun:
    """A finished run that another one builds on: its directory, and the SHA-256 (hex) of its weights."""

    path: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class StoredScores:
    """What teachers said of so many views of every training face, made once: where it lies, and its SHA-256 (hex).

    views  of each face, which the student sees in turn
    seed   that the views follow from
    """

    path: str
    digest: str
    views: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class Distillation:
    """What finished runs teach beside the labels (Hinton et al. 2015), checked on creation.

    teachers     whose probabilities are averaged
    alpha        share of the teachers in the loss; the rest is the labels'
    temperature  by which all logits are divided before teachers and student are compared
    stored       what they said of stored views, in place of asking them at every step
    """

    teachers: tuple[KnownRun, ...]
    alpha: float = 0.9
    temperature: float = 2.0
    stored: StoredScores | None = None

    def __post_init__(self) -> None:
        _expect(len(self.teachers) > 0, "teachers", "at least one finished run", "none")
        _expect(0 < self.alpha <= 1, "alpha", "a share above 0, at most 1", self.alpha)
        _expect(0 < self.temperature < 1e3, "temperature", "above 0", self.temperature)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Distillation":
        """Read what dataclasses.asdict made."""
        stored = values.get("stored")
        return cls(
            **values
            | {
                "teachers": tuple(KnownRun(**one) for one in values["teachers"]),
                "stored": None if stored is None else StoredScores(**stored),
            }
        )


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One training run; the defaults are good for FER2013.

    data             path of labelled faces, or "drawn"
    split            "official", or "random:0.1" for a tenth of the training part as validation
    skip_bad         leave out rows or files that cannot be read instead of stopping
    without          suspects.csv of mien audit: its faces are left out of training; validation and test stay whole
    without_reasons  leave only those out that stand there for these reasons, with commas between: "wrong label"
    model            name of a network
    options          the network's own choices that differ from its defaults
    match            name of a network whose parameter count the width is fitted to
    epochs           passes over the training faces
    batch_size       faces per step
    optimizer        "sgd" (Nesterov momentum) or "adamw"
    learning_rate    the highest of the schedule
    momentum         of SGD
    weight_decay     on weights of more than one dimension; biases and BatchNorm are left free
    schedule         "one-cycle" (linear up, linear down to zero), "cosine" (linear up, cosine down), "constant"
    warmup           share of all steps in which the rate rises
    label_smoothing  share of the target spread over all classes
    mixup            alpha of the Beta distribution by which pairs of faces are blended; 0: none are
    mixup_share      share of the batches in which faces are blended
    early_side       pixels a side to which faces are made smaller in the first epochs, for speed; 0: none are
    early_share      share of the epochs, from the first on, in which they are; validation faces keep their size
    late_share       share of the epochs, to the last one, in which faces are hardly varied, like those that are to be
                     read: moved, turned and scaled by 0.3 of the usual, nothing else but mirrored, and not blended
    ema              decay per step of the averaged weights that are evaluated and kept; 0: the last weights
    statistics       training faces, unvaried, that BatchNorm's statistics are measured on before evaluation; 0: none
    augmentation     how training faces are varied
    distillation     the runs that teach this one; None: the labels alone do
    init             the finished run whose weights this one begins with; None: random ones
    joined           the finished runs whose networks are this one's members, or whose weights it averages, trained no
                     further; empty: it is trained
    seed             of weights, order, augmentation and dropout
    keep_every       also keep the evaluated weights of every so many epochs; 0: only the best and the last
    threads          processor threads; 0: as many as torch chooses
    precision        "float32", "bfloat16", or "auto": bfloat16 where the processor computes in it
    layers           "torch", or "auto": mien's own, compiled, in float32 on a processor with a C compiler
    device           "cpu", "cuda", "mps", or "auto": a GPU where there is one
    """

    data: str = "drawn"
    split: str = "official"
    skip_bad: bool = False
    without: str | None = None
    without_reasons: str = ""
    model: str = "cnn"
    options: dict[str, Option] = field(default_factory=dict)
    match: str | None = None
    epochs: int = 60
    batch_size: int = 128
    optimizer: Literal["sgd", "adamw"] = "sgd"
    learning_rate: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4
    schedule: Literal["one-cycle", "cosine", "constant"] = "one-cycle"
    warmup: float = 0.2
    label_smoothing: float = 0.1
    mixup: float = 0.0
    mixup_share: float = 0.5
    early_side: int = 0
    early_share: float = 0.6
    late_share: float = 0.0
    ema: float = 0.998
    statistics: int = 4096
    augmentation: Augmentation = Augmentation()
    distillation: Distillation | None = None
    init: KnownRun | None = None
    joined: tuple[KnownRun, ...] = ()
    seed: int = 0
    keep_every: int = 0
    threads: int = 0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    layers: Literal["auto", "torch"] = "auto"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", str(self.data))  # a Path is welcome, JSON has none
        object.__setattr__(self, "without", None if self.without is None else str(self.without))
        chosen = self.without is not None or not self.without_reasons
        _expect(chosen, "without_reasons", "a file of suspects beside it (--without)", self.without_reasons)
        for name in ("epochs", "batch_size", "early_side", "statistics", "seed", "keep_every", "threads"):
            _expect(type(getattr(self, name)) is int, name, "a whole number", getattr(self, name))
        _expect(self.epochs >= 1, "epochs", "at least 1", self.epochs)
        _expect(self.batch_size >= 2, "batch_size", "at least 2 (BatchNorm needs a spread)", self.batch_size)
        _expect(0 < self.learning_rate < 1e3, "learning_rate", "above 0", self.learning_rate)
        _expect(0 <= self.momentum < 1, "momentum", "from 0 to below 1", self.momentum)
        _expect(self.weight_decay >= 0, "weight_decay", "at least 0", self.weight_decay)
        _expect(0 <= self.warmup < 1, "warmup", "a share from 0 to below 1", self.warmup)
        _expect(0 <= self.label_smoothing < 1, "label_smoothing", "from 0 to below 1", self.label_smoothing)
        _expect(0 <= self.mixup < 100, "mixup", "at least 0", self.mixup)
        _expect(0 <= self.mixup_share <= 1, "mixup_share", "a share from 0 to 1", self.mixup_share)
        _expect(self.early_side >= 0, "early_side", "at least 0", self.early_side)
        _expect(0 <= self.early_share <= 1, "early_share", "a share from 0 to 1", self.early_share)
        _expect(0 <= self.late_share <= 1, "late_share", "a share from 0 to 1", self.late_share)
        stored = self.distillation is not None and self.distillation.stored is not None
        _expect(not (stored and self.late_share), "late_share", "0 where views are stored", self.late_share)
        _expect(0 <= self.ema < 1, "ema", "from 0 to below 1", self.ema)
        _expect(
            self.statistics == 0 or self.statistics > 1, "statistics", "0, or at least 2", self.statistics
        )
        _expect(0 <= self.seed < 2**63, "seed", "from 0 to 2^63 - 1", self.seed)
        _expect(self.keep_every >= 0, "keep_every", "at least 0", self.keep_every)
        _expect(self.threads >= 0, "threads", "at least 0", self.threads)
        for name, allowed in _CHOICES.items():
            _expect(getattr(self, name) in allowed, name, f"one of {', '.join(allowed)}", getattr(self, name))

    @property
    def early_epochs(self) -> int:
        """How many epochs, from the first on, show faces of early_side."""
        return round(self.early_share * self.epochs) if self.early_side else 0

    def is_late(self, epoch: int) -> bool:
        """Whether this epoch, counted from 1, is one of those that show faces hardly varied."""
        return epoch > self.epochs - round(self.late_share * self.epochs)

    def to_json(self) -> str:
        """Indented JSON that from_json reads back to an equal value."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "TrainConfig":
        """Read what to_json wrote; ConfigError, naming the key, where it is something else.

        >>> TrainConfig.from_json(TrainConfig(epochs=3).to_json()) == TrainConfig(epochs=3)
        True
        """
        try:
            values: dict[str, Any] = json.loads(text)
            augmentation = Augmentation(**values.pop("augmentation", {}))
            options = {name: _frozen(value) for name, value in values.pop("options", {}).items()}
            taught, init = values.pop("distillation", None), values.pop("init", None)
            joined = values.pop("joined", ())
            return cls(
                **values,
                augmentation=augmentation,
                options=options,
                distillation=None if taught is None else Distillation.from_dict(taught),
                init=None if init is None else KnownRun(**init),
                joined=tuple(KnownRun(**one) for one in joined),
            )
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise ConfigError(
                f"config: expected {', '.join(field.name for field in fields(cls))} ({error})"
            ) from error


_CHOICES = {
    "optimizer": ("sgd", "adamw"),
    "schedule": ("one-cycle", "cosine", "constant"),
    "precision": ("auto", "float32", "bfloat16"),
    "layers": ("auto", "torch"),
    "device": ("auto", "cpu", "cuda", "mps"),
}

# The report names neither optimiser nor rate, batch or augmentation: Keras' defaults for Adam, and nothing else.
_REPORT = TrainConfig(
    optimizer="adamw",
    learning_rate=1e-3,
    weight_decay=0.0,
    schedule="constant",
    warmup=0.0,
    label_smoothing=0.0,
    ema=0.0,
    statistics=0,
    augmentation=NO_AUGMENTATION,
)

# What `trunk` and its teachers are trained with; docs/experiments.md has the tries.
_TRUNK = TrainConfig(
    model="trunk",
    epochs=48,
    batch_size=256,
    learning_rate=0.2,
    weight_decay=1e-3,
    warmup=0.15,
    mixup=0.2,
    augmentation=Augmentation(shift=5.0, rotation=15.0, scale=0.15, erase=0.5),
)

# As accurate as a short while allows: nothing that only longer training repays; docs/experiments.md has its figures.
_FAST = TrainConfig(
    model="trunk",
    options={"stem": 16, "widths": (32, 64, 128), "head": 128, "dropout": 0.2},
    epochs=14,
    learning_rate=0.1,
    late_share=0.25,
)

EQUAL, FITTED = "equal", "fitted"  # shares of joined networks

RECIPES = {"default": TrainConfig(), "report": _REPORT, "fast": _FAST, "trunk": _TRUNK}


def recipe(name: str, **changes: Any) -> TrainConfig:
    """A named set of choices with some of them changed; ConfigError, with the known names, for another name.

    Another network has its own defaults, not the choices that the recipe makes for its network.

    >>> recipe("report", epochs=5).optimizer
    'adamw'
    """
    if name not in RECIPES:
        raise ConfigError(f"no recipe is called '{name}'; there are {', '.join(RECIPES)}")
    base = RECIPES[name]
    if changes.get("model", base.model) != base.model:
        changes = {"options": {}, **changes}
    return replace(base, **changes)


def _frozen(value: Any) -> Any:
    """Lists, which JSON makes of tuples, as tuples again."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
