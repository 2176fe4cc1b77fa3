"""The command that a config stands for, typed again, gives the config."""

import shlex

import pytest

import mien
from mien.core.command import train_command
from mien.core.config import NO_AUGMENTATION, Augmentation, Distillation, KnownRun, StoredScores, TrainConfig

CONFIGS = [
    TrainConfig(),
    mien.recipe("report", data="a b.csv", split="random:0.1", epochs=3, threads=2, skip_bad=True),
    mien.recipe("trunk", data="a.csv", epochs=30, seed=2),
    mien.recipe("report", model="dnn", match="cnn", augmentation=Augmentation(flip=False, erase=0.5)),
    TrainConfig(
        options={"kernels": (3, 3, 3, 3), "batch_norm": False, "pool": "max"}, augmentation=NO_AUGMENTATION
    ),
]


def test_a_distilled_run_names_the_default_recipe_too() -> None:
    how = Distillation(teachers=(KnownRun(path="runs/a", digest=""),))
    told = train_command(mien.recipe("default", data="f.csv", model="pocket", distillation=how), "runs/x")
    assert " --recipe default " in told  # mien distil takes trunk where none is named


def test_a_distilled_run_names_its_teachers() -> None:
    how = Distillation(
        teachers=(KnownRun(path="runs/a", digest="0"), KnownRun(path="runs/b c", digest="1")),
        alpha=0.5,
        stored=StoredScores(path="scores", digest="2", views=8, seed=0),
    )
    told = train_command(mien.recipe("trunk", data="f.csv", model="pocket", distillation=how), "runs/x")
    assert told == (
        "mien distil f.csv --teachers runs/a 'runs/b c' --alpha 0.5 --temperature 2.0 --scores scores "
        "--recipe trunk --model pocket --out runs/x"
    )


def test_a_run_that_begins_with_another_names_it() -> None:
    config = TrainConfig(data="f.csv", init=KnownRun(path="runs/a b", digest="0"))
    assert train_command(config, "runs/x") == "mien train f.csv --init 'runs/a b' --out runs/x"


@pytest.mark.parametrize("config", CONFIGS)
def test_the_command_gives_the_config_again(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    from mien.cli import main

    asked = []

    def kept(wanted, **_):
        asked.append(wanted)
        raise mien.RunError("seen")

    monkeypatch.setattr(mien, "train", kept, raising=False)
    with pytest.raises(SystemExit):
        main.main(shlex.split(train_command(config, "runs/x"))[1:])
    assert len(asked) == 1
    typed = asked[0]
    from mien.models import registry

    assert registry.options(typed.model, typed.options) == registry.options(config.model, config.options)
    assert typed.to_json().split('"options"')[0] == config.to_json().split('"options"')[0]
    assert typed.augmentation == config.augmentation
