import pytest

from mien.core.errors import RunError
from mien.core.history import Epoch, History


def epoch(number, accuracy, loss=1.0):
    return Epoch(
        epoch=number,
        train_loss=1 / 3,
        train_accuracy=0.1 + 0.2,  # has no short decimal form
        val_loss=loss,
        val_accuracy=accuracy,
        learning_rate=1e-5,
        seconds=12.25,
    )


def test_csv_reads_back_to_the_last_bit():
    history = History((epoch(1, 0.5), epoch(2, 2 / 3)))
    assert History.from_csv(history.to_csv()) == history


def test_csv_has_the_columns_by_name():
    assert History().to_csv().strip() == (
        "epoch,train_loss,train_accuracy,val_loss,val_accuracy,learning_rate,seconds"
    )


def test_best_is_the_highest_accuracy_then_the_lowest_loss_then_the_first():
    history = History((epoch(1, 0.5, 0.9), epoch(2, 0.6, 0.9), epoch(3, 0.6, 0.8), epoch(4, 0.6, 0.8)))
    assert history.best.epoch == 3


def test_no_epoch_has_no_best():
    with pytest.raises(RunError, match="no finished epoch"):
        _ = History().best


@pytest.mark.parametrize("text", ["epoch,val_loss\n1,2\n", "epoch,train_loss\n1\n", "a\nb\n"])
def test_other_csv_is_refused(text):
    with pytest.raises(RunError, match="expected the columns"):
        History.from_csv(text)
