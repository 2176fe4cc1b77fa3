"""mien: a workbench for facial-expression recognition.

Everything that a command does is one call here; the parts that need torch import it when they are called.

    faces = mien.load("fer2013.csv")
    run = mien.train(mien.TrainConfig(data="fer2013.csv", model="cnn"))
    print(mien.evaluate(run, part="val").accuracy)
"""

from typing import Any

__version__ = "0.1.0"

# Public name -> module that has it.
_EXPORTS = {
    "Box": "mien.core.expression",
    "ConfigError": "mien.core.errors",
    "CostTable": "mien.core.costs",
    "DataError": "mien.core.errors",
    "FaceExpression": "mien.core.expression",
    "Folds": "mien.core.folds",
    "Grid": "mien.training.grid",
    "LabelledImages": "mien.core.images",
    "LeftOut": "mien.core.left_out",
    "MienError": "mien.core.errors",
    "MissingExtra": "mien.core.errors",
    "PCA": "mien.core.pca",
    "Parts": "mien.core.images",
    "Predictions": "mien.core.predictions",
    "Recogniser": "mien.inference.recogniser",
    "RunDir": "mien.core.rundir",
    "RunError": "mien.core.errors",
    "TrainConfig": "mien.core.config",
    "TrackedFace": "mien.inference.tracking",
    "audit": "mien.auditing",
    "average": "mien.training.average",
    "cost": "mien.costing",
    "evaluate": "mien.training.evaluate",
    "evaluation": "mien.analysis.metrics",
    "explain": "mien.training.explain.run",
    "export": "mien.training.export",
    "growth": "mien.costing",
    "join": "mien.training.ensemble",
    "load": "mien.data.load",
    "make_report": "mien.report.build",
    "pca": "mien.components",
    "predict": "mien.inference.recogniser",
    "read": "mien.data.load",
    "read_suspects": "mien.core.suspects",
    "read_votes": "mien.data.ferplus_csv",
    "recipe": "mien.core.config",
    "resume": "mien.training.fit",
    "split": "mien.data.splits",
    "stress": "mien.training.stress",
    "study": "mien.training.study",
    "taught_by": "mien.core.teachers",
    "train": "mien.training.fit",
    "train_folds": "mien.training.folds",
    "training_parts": "mien.data.of_run",
    "watch": "mien.inference.watching",
}
__all__ = ["__version__", *_EXPORTS]


def __getattr__(name: str) -> Any:
    """Import a public name where it is used first, so that `import mien` stays light (PEP 562)."""
    from importlib import import_module

    from mien.core.errors import MissingExtra

    if name not in _EXPORTS:
        raise AttributeError(f"module 'mien' has no attribute '{name}'")
    try:
        return getattr(import_module(_EXPORTS[name]), name)
    except ModuleNotFoundError as error:
        if error.name in ("torch", "safetensors"):
            raise MissingExtra(error.name, "lab", f"mien.{name}") from error
        raise


def __dir__() -> list[str]:
    return sorted(__all__)
