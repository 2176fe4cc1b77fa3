import json

import pytest

from mien.core import spec
from mien.core.config import (
    NO_AUGMENTATION,
    RECIPES,
    Augmentation,
    Distillation,
    KnownRun,
    StoredScores,
    TrainConfig,
    recipe,
)
from mien.core.errors import ConfigError
from mien.models.cnn import CnnOptions


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_survives_json(name):
    config = recipe(name, options={"kernels": (3, 3, 3, 3)}, augmentation=Augmentation(erase=0.5))
    assert TrainConfig.from_json(config.to_json()) == config


def test_the_report_recipe_is_plain():
    config = recipe("report")
    assert config.augmentation == NO_AUGMENTATION
    assert (config.ema, config.label_smoothing, config.weight_decay, config.schedule) == (0, 0, 0, "constant")


def test_the_fast_recipe_trains_trunk_without_what_only_long_training_repays():
    config = recipe("fast")
    assert (config.model, config.epochs, config.learning_rate) == ("trunk", 14, 0.1)
    assert (config.mixup, config.augmentation.erase) == (0, 0)
    assert [config.is_late(epoch) for epoch in (1, 10, 11, 14)] == [False, False, True, True]


def test_how_many_epochs_are_early():
    assert TrainConfig(epochs=10, early_side=32, early_share=0.65).early_epochs == 6
    assert TrainConfig(epochs=10, early_share=0.65).early_epochs == 0


def test_the_trunk_recipe_is_the_stated_one():
    config = recipe("trunk")
    assert (config.model, config.batch_size, config.schedule) == ("trunk", 256, "one-cycle")
    assert (config.optimizer, config.learning_rate, config.label_smoothing) == ("sgd", 0.2, 0.1)
    assert (config.mixup, config.mixup_share) == (0.2, 0.5)
    assert config.ema > 0
    assert config.augmentation == Augmentation(shift=5, rotation=15, scale=0.15, erase=0.5)


def test_distillation_survives_json():
    teachers = (KnownRun(path="runs/a", digest="0"), KnownRun(path="runs/b", digest="1"))
    for stored in (None, StoredScores(path="scores", digest="2", views=8, seed=3)):
        how = Distillation(teachers=teachers, alpha=0.5, temperature=4.0, stored=stored)
        config = TrainConfig(distillation=how)
        assert TrainConfig.from_json(config.to_json()) == config
    with pytest.raises(ConfigError, match="config: expected data, split"):
        TrainConfig.from_json('{"distillation": {"alpha": 0.5}}')


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": 0},
        {"batch_size": 1},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"momentum": 1.0},
        {"ema": 1.0},
        {"label_smoothing": -0.1},
        {"optimizer": "adam"},
        {"schedule": "linear"},
        {"seed": -1},
        {"threads": -1},
        {"epochs": 1.5},
        {"seed": "3"},
    ],
)
def test_impossible_choices_are_refused_by_name(changes):
    with pytest.raises(ConfigError, match=f"{next(iter(changes))}: expected"):
        TrainConfig(**changes)


def test_a_config_from_before_suspects_were_left_out_can_be_read(tmp_path):
    config = TrainConfig(without=tmp_path / "suspects.csv", without_reasons="not a face,wrong label")
    assert TrainConfig.from_json(config.to_json()) == config
    values = json.loads(TrainConfig(epochs=7).to_json())
    del values["without"], values["without_reasons"]
    assert TrainConfig.from_json(json.dumps(values)) == TrainConfig(epochs=7)
    with pytest.raises(ConfigError, match="without_reasons: expected a file of suspects beside it"):
        TrainConfig(without_reasons="not a face")


@pytest.mark.parametrize(
    "changes",
    [{"shift": -1}, {"rotation": 181}, {"scale": 1}, {"light": 1.1}, {"sharpness": -0.1}, {"erase": 1.1}],
)
def test_impossible_augmentation_is_refused(changes):
    with pytest.raises(ConfigError, match=f"{next(iter(changes))}: expected"):
        Augmentation(**changes)


def test_late_epochs_and_stored_views_exclude_each_other():
    stored = StoredScores(path="scores", digest="0", views=2, seed=0)
    how = Distillation(teachers=(KnownRun(path="run", digest="0"),), stored=stored)
    with pytest.raises(ConfigError, match=r"late_share: expected 0 where views are stored, got 0\.1"):
        TrainConfig(distillation=how, late_share=0.1)


def test_unknown_keys_in_json_are_refused():
    with pytest.raises(ConfigError, match="epohs"):
        TrainConfig.from_json(json.dumps({"epohs": 3}))


def test_a_recipe_for_another_network_leaves_that_its_defaults():
    assert recipe("fast", model="cnn").options == {}
    assert recipe("fast", model="trunk") == recipe("fast")
    assert recipe("fast", model="cnn", options={"pool": "max"}).options == {"pool": "max"}


def test_unknown_recipe_lists_the_known():
    with pytest.raises(ConfigError, match="there are default, report"):
        recipe("fast!")


def test_choices_as_text_become_the_types_of_the_fields():
    name, choices = spec.parse("cnn: pool=max, kernels=3/3/3/3, batch_norm=false, slope=0.2")
    assert name == "cnn"
    assert CnnOptions(**spec.values("cnn", CnnOptions, choices)) == CnnOptions(
        pool="max", kernels=(3, 3, 3, 3), batch_norm=False, slope=0.2
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cnn:pool", "'pool' has no value"),
        ("cnn:poll=max", "no choice 'poll'; it has filters"),
        ("cnn:pool=mean", "expected average or max, got mean"),
        ("cnn:slope=steep", "expected a number, got steep"),
        ("cnn:kernels=3/x", "expected a whole number, got x"),
        ("cnn:batch_norm=maybe", "expected true or false, got maybe"),
        ("cnn:padding=same/full", "expected same or valid, got full"),
    ],
)
def test_choices_that_make_no_sense_are_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        spec.values("cnn", CnnOptions, spec.parse(text)[1])
