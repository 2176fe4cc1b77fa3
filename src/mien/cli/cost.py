"""`mien cost`: every operation, parameter and byte of a network."""

from typing import Annotated

from cyclopts import Parameter

from mien.cli._cost_tables import (
    formula_lines,
    growth_lines,
    growth_table,
    measured_table,
    memory_table,
    show,
    training_table,
)
from mien.cli._figures import print_json
from mien.core.costs import CostTable
from mien.core.errors import ConfigError
from mien.core.sizes import sizes_from_text


def cost(
    *network: str,
    input_size: Annotated[str | None, Parameter(name="--input")] = None,
    training: bool = False,
    batch: int | None = None,
    fold: bool = False,
    skip_padding: bool = False,
    wide: bool = False,
    formulas: bool = False,
    grow: bool = False,
    measure: bool = False,
    json: bool = False,
) -> None:
    """Count every operation, parameter and byte of a network, one row a layer.

    Parameters
    ----------
    network
        A network of mien with its choices (cnn, dnn, trunk, pocket, ensemble; cnn:pool=max), an .onnx file,
        FILE.py:FUNCTION or package.module:FUNCTION that makes a torch module (its code runs), or layers in words:
        "conv 6 2x2 stride 3" "conv 4 2x2 stride 2".
    input_size
        Size of one input: HEIGHTxWIDTHxCHANNELS for layers in words, CHANNELSxHEIGHTxWIDTH for the others; with
        commas between the sizes of several inputs.
    training
        Count the way back too: gradients of the inputs of each layer, and of its weights, apart.
    batch
        Samples together; what an .onnx file fixes, else 1, and with --training as many as mien train takes.
    fold
        Fold each batch normalisation into the convolution or linear layer right before it, as at deployment.
    skip_padding
        Leave out products with padded zeros, which the usual formula counts.
    wide
        Also print bytes moved, activation memory, and receptive fields.
    formulas
        Also print how each number comes about.
    grow
        Also print the complexity, and count again with kernel, channels, input side and depth doubled.
    measure
        Also time each layer here (needs torch): GFLOP/s, and the share of the measured peak.
    json
        Print JSON instead of tables.
    """
    from mien import costing

    if not network:
        raise ConfigError(
            'give a network: cnn, FILE.onnx, FILE.py:FUNCTION, or layers such as "conv 6 2x2 stride 3"'
        )
    given = network[0] if len(network) == 1 else list(network)
    sizes = None if input_size is None else sizes_from_text(input_size)
    inputs = sizes[0] if sizes and len(sizes) == 1 else sizes
    table = costing.cost(
        given,
        inputs,
        batch=batch,
        training=training,
        fold=fold,
        skip_padding=skip_padding,
        measure=measure,
    )
    growth = costing.growth(given, inputs, batch=batch) if grow else None
    if json:
        print_json(table.to_dict() | ({"growth": growth.to_dict()} if growth else {}))
        return
    _print(table, wide=wide, formulas=formulas)
    if growth:
        show(growth_table(growth), growth_lines(growth))


def _print(table: CostTable, *, wide: bool, formulas: bool) -> None:
    show(table.arithmetic())
    if table.mode == "training":
        show(training_table(table))
    if wide:
        show(memory_table(table))
    if table.peak_rate:
        show(measured_table(table))
    if formulas:
        for line in formula_lines(table):
            print(line)
