"""The command line that asks for a configuration."""

import shlex
from dataclasses import asdict, fields
from typing import Any

from mien.core.config import NO_AUGMENTATION, RECIPES, Augmentation, Distillation, TrainConfig

# Fields that no flag of one value sets.
APART = ("data", "options", "augmentation", "distillation", "init", "joined")


def train_command(config: TrainConfig, out: str) -> str:
    """`mien train` with the recipe that is nearest to these choices, and a flag for each that differs from it.

    Where runs taught, it is `mien distil`; where they were joined or averaged, `mien join` or `mien average`.

    >>> from mien.core.config import recipe
    >>> train_command(recipe("report", data="faces.csv", epochs=5, options={"pool": "max"}), "runs/a b")
    "mien train faces.csv --recipe report --model cnn:pool=max --epochs 5 --out 'runs/a b'"
    """
    if config.joined:
        shares = config.options.get("shares")
        asked = ["--shares", _option_text(shares)] if shares else []
        how = "join" if config.model == "ensemble" else "average"
        return shlex.join(["mien", how, *(one.path for one in config.joined), *asked, "--out", out])
    recipe = min(RECIPES, key=lambda name: len(_flags(config, RECIPES[name])))
    # mien distil has another recipe of its own where none is named
    named = [] if recipe == "default" and config.distillation is None else ["--recipe", recipe]
    verb = ["train", config.data] if config.distillation is None else _distilled(config, config.distillation)
    return shlex.join(["mien", *verb, *named, *_flags(config, RECIPES[recipe]), "--out", out])


def _distilled(config: TrainConfig, how: Distillation) -> list[str]:
    teachers = [teacher.path for teacher in how.teachers]
    asked = ["--alpha", str(how.alpha), "--temperature", str(how.temperature)]
    asked += ["--scores", how.stored.path] if how.stored else []
    return ["distil", config.data, "--teachers", *teachers, *asked]


def _flags(config: TrainConfig, base: TrainConfig) -> list[str]:
    """The words that make the base into the config."""
    words = _augmentation_flags(config.augmentation, base.augmentation)
    # mien distil has a network of its own where none is named
    if config.distillation or (config.model, config.options) != (base.model, base.options):
        words += ["--model", spec_text(config.model, config.options)]
    words += ["--init", config.init.path] if config.init else []
    for field in fields(TrainConfig):
        value = getattr(config, field.name)
        if field.name not in (*APART, "model") and value != getattr(base, field.name):
            words += _flag(field.name, value)
    return words


def _augmentation_flags(wanted: Augmentation, base: Augmentation) -> list[str]:
    if wanted == NO_AUGMENTATION != base:
        return ["--no-augment"]
    had = asdict(base)
    return [
        word for name, value in asdict(wanted).items() if value != had[name] for word in _flag(name, value)
    ]


def _flag(name: str, value: Any) -> list[str]:
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{flag}" if value else f"--no-{flag}"]
    return [f"--{flag}", str(value)]


def spec_text(name: str, options: dict[str, Any]) -> str:
    """A network and its choices as mien.core.spec reads them.

    >>> spec_text("cnn", {"kernels": (3, 3), "batch_norm": False})
    'cnn:kernels=3/3,batch_norm=false'
    """
    choices = ",".join(f"{key}={_option_text(value)}" for key, value in options.items())
    return f"{name}:{choices}" if choices else name


def _option_text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "/".join(map(_option_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
