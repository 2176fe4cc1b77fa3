"""History: one row per epoch, the same on disk (CSV) and in memory."""

import csv
import io
from dataclasses import asdict, astuple, dataclass, fields

from mien.core.errors import RunError


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What one pass over the training faces gave; losses in nats, accuracies as shares, epochs count from 1.

    Training figures are those of the passes that trained, as Keras reports them: under dropout, augmentation
    and blending (each face by its own label), averaged while the weights moved. Validation figures come after the
    epoch, without any of these.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float
    seconds: float


COLUMNS = tuple(field.name for field in fields(Epoch))


@dataclass(frozen=True)
class History:
    """The epochs of a run, in order."""

    epochs: tuple[Epoch, ...] = ()

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def best(self) -> Epoch:
        """The epoch with the highest validation accuracy; of equals the one with the lower validation loss.

        Raises RunError where there is no epoch yet.
        """
        if not self.epochs:
            raise RunError("the run has no finished epoch yet")
        return max(self.epochs, key=lambda epoch: (epoch.val_accuracy, -epoch.val_loss, -epoch.epoch))

    def plus(self, epoch: Epoch) -> "History":
        """This history and one epoch more."""
        return History((*self.epochs, epoch))

    def to_csv(self) -> str:
        """CSV with a header; numbers are written so that they read back exactly.

        >>> row = Epoch(epoch=1, train_loss=1.5, train_accuracy=0.25, val_loss=1.4, val_accuracy=0.3,
        ...             learning_rate=0.1, seconds=2.0)
        >>> History.from_csv(History((row,)).to_csv()) == History((row,))
        True
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(map(repr, astuple(epoch)) for epoch in self.epochs)
        return text.getvalue()

    @classmethod
    def from_csv(cls, text: str) -> "History":
        """Read what to_csv wrote; RunError where it is something else."""
        reader = csv.DictReader(io.StringIO(text))
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise RunError(f"history: expected the columns {', '.join(COLUMNS)}")
        return cls.from_rows(list(reader))

    def to_rows(self) -> list[dict[str, float]]:
        """One dict per epoch, for JSON."""
        return [asdict(epoch) for epoch in self.epochs]

    @classmethod
    def from_rows(cls, rows: list[dict[str, str]] | list[dict[str, float]]) -> "History":
        """Read what to_rows gave; RunError where it is something else."""
        try:
            return cls(
                tuple(
                    Epoch(epoch=int(row["epoch"]), **{name: float(row[name]) for name in COLUMNS[1:]})
                    for row in rows
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"history: expected the columns {', '.join(COLUMNS)} ({error})") from error
