"""Variants: the report's CNN, and the one choice in which each of the others differs from it."""

from mien.core.config import Option

BASE = "base"
MAX_POOLING = "max-pooling"
CONSTANT_DROPOUT = "constant-dropout"
NO_DROPOUT = "no-dropout"
NO_BATCH_NORM = "no-batch-norm"
RELU = "relu"
FLAT_WIDTHS = "flat-widths"

# Flat widths have the base's budget, so that only the shape differs: on 48x48 faces of seven classes 2,119,123
# parameters (base 2,119,015) and 37.5 million multiplications in convolutions and Dense layers (base 37.1).
# 56 filters a block meet the multiplications, 943 units a Dense layer then the parameters. Four blocks of 128
# filters would have met the parameters too, at more than four times the multiplications.
VARIANTS: dict[str, dict[str, Option]] = {
    BASE: {},
    MAX_POOLING: {"pool": "max"},
    CONSTANT_DROPOUT: {"dropout": "constant"},
    NO_DROPOUT: {"dropout": "none"},
    NO_BATCH_NORM: {"batch_norm": False},
    RELU: {"activation": "relu"},
    FLAT_WIDTHS: {"filters": (56, 56, 56, 56), "dense": (943, 943, 943)},
}
