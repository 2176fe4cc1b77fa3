"""The grid of a study: every variant of the report's CNN under every seed, each as a configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mien.core.config import Option, TrainConfig, recipe
from mien.core.errors import ConfigError
from mien.core.images import LabelledImages
from mien.core.variants import VARIANTS
from mien.data.splits import OFFICIAL
from mien.data.stratified import smaller
from mien.models import registry

MODEL = "cnn"


@dataclass(frozen=True, kw_only=True)
class Grid:
    """What a study trains, checked on creation.

    data, split, batch_size, epochs, threads  as in TrainConfig
    recipe    the choices that all trials share
    faces     train on so many of the training faces, stratified, chosen by the trial's seed; None: on all of them
    seeds     each of which every variant is trained under: the same faces, order and, where shapes agree, weights
    variants  name -> choices of the cnn that differ from its defaults; the first is the base

    Raises ConfigError where nothing is left to compare or a choice makes no sense.
    """

    data: str = "drawn:count=5000"
    split: str = OFFICIAL
    recipe: str = "report"
    epochs: int = 20
    batch_size: int = 128
    threads: int = 0
    faces: int | None = None
    seeds: tuple[int, ...] = (0, 1, 2)
    variants: Mapping[str, Mapping[str, Option]] = field(default_factory=lambda: VARIANTS)

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ConfigError(f"seeds: expected at least one, none of them twice, got {self.seeds}")
        if len(self.variants) < 2:
            raise ConfigError("variants: expected a base and at least one to compare with it")
        for variant, seed in self.trials:
            config = self.config(variant, seed)
            registry.options(config.model, config.options)

    @property
    def trials(self) -> tuple[tuple[str, int], ...]:
        """Variant and seed of each trial, a whole round of variants under one seed after the other."""
        return tuple((variant, seed) for seed in self.seeds for variant in self.variants)

    def config(self, variant: str, seed: int) -> TrainConfig:
        """How one trial is trained."""
        return recipe(
            self.recipe,
            data=self.data,
            split=self.split if self.faces is None else OFFICIAL,  # the chosen faces have parts of their own
            model=MODEL,
            options=dict(self.variants[variant]),
            epochs=self.epochs,
            batch_size=self.batch_size,
            threads=self.threads,
            seed=seed,
        )

    def chosen(self, faces: LabelledImages, seed: int) -> LabelledImages:
        """The faces of the trials under one seed: all, or a smaller training part and the whole validation part."""
        return faces if self.faces is None else smaller(faces, self.faces, self.split, seed)
