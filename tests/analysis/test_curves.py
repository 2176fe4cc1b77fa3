"""Rules on curves: made to hold, made to fail, and deaf to noise."""

import numpy as np
import pytest

from mien.analysis.curves import course, levelled_from, lowest_loss, overfitting_from, scatter, smoothed
from mien.core.errors import ConfigError, RunError
from mien.core.history import History
from tests.diagnostics.read_runs import history_of


def valley(lowest: int, count: int, slope: float = 0.05) -> np.ndarray:
    """Losses that fall to epoch `lowest` and rise after it, the same at both sides."""
    return 1 + slope * np.abs(np.arange(1, count + 1) - lowest)


@pytest.mark.parametrize("width", [1, 3, 5, 9])
def test_smoothing_is_the_mean_of_the_neighbours_that_are_there(width: int) -> None:
    values = np.random.default_rng(0).normal(size=7)
    half = width // 2
    expected = [values[max(k - half, 0) : k + half + 1].mean() for k in range(7)]
    np.testing.assert_allclose(smoothed(values, width), expected, atol=1e-14)


def test_smoothing_of_nothing_and_of_an_even_width() -> None:
    assert smoothed([], 3).shape == (0,)
    with pytest.raises(ConfigError, match="expected an odd number of values, got 4"):
        smoothed([1.0, 2.0], 4)


def test_scatter_is_that_of_the_noise_and_not_of_the_trend() -> None:
    random = np.random.default_rng(1)
    trend = 3 * np.exp(-np.arange(4000) / 400)
    assert scatter(trend + random.normal(0, 0.02, 4000)) == pytest.approx(0.02, rel=0.05)
    assert scatter(trend) < 1e-5
    assert scatter([1.0, 2.0]) == 0.0


@pytest.mark.parametrize(("lowest", "count"), [(4, 8), (5, 12), (20, 60), (33, 300)])
def test_overfitting_begins_where_validation_loss_turns(lowest: int, count: int) -> None:
    noise = np.random.default_rng(count).normal(0, 0.005, count)
    found = overfitting_from(history_of(valley(lowest, count) + noise))
    assert found is not None
    assert abs(found - lowest) <= 2


def test_one_lucky_epoch_does_not_move_the_beginning() -> None:
    losses = valley(20, 60)
    losses[40] = 0.9  # the lowest single epoch
    assert lowest_loss(history_of(losses)).epoch == 41
    assert overfitting_from(history_of(losses)) == 20


@pytest.mark.parametrize(
    "history",
    [
        history_of(np.linspace(2, 1, 40)),  # still falling
        history_of(
            np.linspace(2, 1, 40) ** 3, train_loss=[*[5.0] * 37, 9.0, 9.0, 1.0]
        ),  # and a jump of training
        history_of(
            valley(20, 40), train_loss=valley(20, 40)
        ),  # training gets worse too: diverging, not over-fitting
        history_of(
            [*np.linspace(2, 1, 30), *np.linspace(1.5, 0.9, 30)]
        ),  # worse for a while, best at the end
        history_of(np.ones(40)),
        history_of([1.0]),
        history_of([1.0, 2.0]),
        history_of([1.0, float("nan"), 2.0, 3.0]),
        History(),
    ],
)
def test_no_overfitting(history: History) -> None:
    assert overfitting_from(history) is None


@pytest.mark.parametrize("count", [10, 20, 60])
def test_noise_alone_is_rarely_taken_for_overfitting(count: int) -> None:
    random = np.random.default_rng(count)
    runs = [history_of(1 + random.normal(0, 0.1, count)) for _ in range(200)]
    assert np.mean([overfitting_from(run) is not None for run in runs]) < 0.05


def rising_to(level: int, count: int) -> np.ndarray:
    """Accuracies that rise by a point an epoch up to epoch `level`, then stay."""
    return 0.2 + 0.01 * np.minimum(np.arange(1, count + 1), level)


@pytest.mark.parametrize(("level", "count"), [(10, 30), (30, 60), (50, 100)])
def test_validation_levels_off_where_it_stops_rising(level: int, count: int) -> None:
    noise = np.random.default_rng(level).normal(0, 0.002, count)
    found = levelled_from(history_of(np.ones(count), val_accuracy=rising_to(level, count) + noise))
    assert found is not None
    assert abs(found - level) <= 2


def test_half_a_point_is_the_border() -> None:
    def stepping(height: float) -> int | None:
        return levelled_from(history_of(np.ones(40), val_accuracy=[0.5] * 25 + [0.5 + height] * 15))

    assert stepping(0.0049) == 1
    assert stepping(0.0051) > 20


@pytest.mark.parametrize(
    "accuracy",
    [
        np.linspace(0.2, 0.8, 60),  # still rising at the end
        rising_to(55, 60),  # level too late to know
        rising_to(250, 300),  # ten epochs follow, but not a fifth of the run
        np.full(10, 0.5),  # too short
        [0.5],
        [],
        [0.5] * 30 + [float("nan")],
    ],
)
def test_not_levelled_off(accuracy: list[float]) -> None:
    assert levelled_from(history_of(np.ones(len(accuracy)), val_accuracy=accuracy)) is None


def test_accuracy_that_falls_at_the_end_has_levelled_off() -> None:
    falling = np.concatenate([rising_to(20, 20), np.linspace(0.4, 0.3, 40)])
    assert levelled_from(history_of(np.ones(60), val_accuracy=falling)) in range(17, 22)


def test_course_by_hand() -> None:
    history = history_of(
        [1.0, 0.7, 0.8, 0.9],
        train_loss=[1.2, 0.9, 0.6, 0.3],
        val_accuracy=[0.4, 0.5, 0.6, 0.5],
        train_accuracy=[0.3, 0.5, 0.7, 0.9],
    )
    found = course(history)
    assert (found.epochs, found.best_epoch, found.best_val_accuracy) == (4, 3, 0.6)
    assert (found.lowest_val_loss, found.lowest_val_loss_epoch) == (0.7, 2)
    assert found.gap_at_best == pytest.approx(0.1)
    assert found.gap_at_end == pytest.approx(0.4)
    assert found.seconds_per_epoch == 3.5  # of 2, 3, 4 and 5
    assert found.to_dict()["levelled_from"] is None


def test_a_run_without_epochs() -> None:
    for read in (course, lowest_loss):
        with pytest.raises(RunError, match="no finished epoch"):
            read(History())
