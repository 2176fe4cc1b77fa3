"""How each network is built: a diagram of its layers with shapes and parameters."""

from dataclasses import dataclass
from typing import Any

from mien.analysis.layer_blocks import LayerBlock, chains, layer_blocks
from mien.core.costs import CostTable
from mien.core.errors import MissingInput
from mien.core.material import Material, ReadRun
from mien.core.section import Block, Finding, Fold, Heading, Text
from mien.core.text_tables import TextTable, number
from mien.core.wording import listed, percent
from mien.diagnostics._canvas import COLOURS
from mien.diagnostics._diagnostic import Diagnostic
from mien.diagnostics._network_figure import Scale, drawn_blocks, network_drawing, told_share

_REPORT_MILLIONS = 2.12  # parameters of its CNN, as the founding report states them


@dataclass(frozen=True, kw_only=True)
class _Network:
    """A network that one or several runs trained, with the number and configuration of the first of these."""

    number: int
    runs: tuple[ReadRun, ...]
    table: CostTable
    blocks: tuple[LayerBlock, ...]
    chains: tuple[tuple[LayerBlock, ...], ...]

    @property
    def title(self) -> str:
        """What it is, and whose, where the runs do not say it."""
        model, names = self.runs[0].summary.model, [run.name for run in self.runs]
        return model if names == [model] else f"{model} ({listed(names)})"


def make(material: Material) -> Finding:
    """A diagram a network; runs of the same network share it."""
    networks, missing = _networks(material)
    if not networks:
        raise MissingInput("; ".join(missing))
    shown: list[Block] = [Text(text=f"{line}.") for line in missing]
    drawn = [blocks for network in networks for blocks in network.chains]
    scale = Scale.of([block.shape for blocks in drawn for block in drawn_blocks(blocks)])
    for network in networks:
        shown += _network_blocks(network, scale)
    data = {"networks": [_data(network) for network in networks]}
    return Finding(answer=_answer(networks), blocks=tuple(shown), data=data)


def _networks(material: Material) -> tuple[list[_Network], list[str]]:
    found: dict[Any, list[tuple[int, ReadRun]]] = {}
    tables: dict[Any, CostTable] = {}
    missing = []
    for place, run in enumerate(material.runs):
        try:
            table = run.cost_table()
        except MissingInput as error:
            missing.append(str(error))
            continue
        key = (
            run.summary.model,
            table.inputs,
            tuple((row.name, row.kind, row.output_shape) for row in table.rows),
        )
        tables.setdefault(key, table)
        found.setdefault(key, []).append((place, run))
    return [
        _Network(
            number=runs[0][0],
            runs=tuple(run for _, run in runs),
            table=tables[key],
            blocks=layer_blocks(tables[key]),
            chains=chains(tables[key]),
        )
        for key, runs in found.items()
    ], missing


def _network_blocks(network: _Network, scale: Scale) -> list[Block]:
    colour = COLOURS[network.number % len(COLOURS)]
    return [
        Heading(text=network.title),
        *(network_drawing(blocks, scale, colour, name) for name, blocks in _named_chains(network)),
        *_reconstruction(network),
        Fold(title="Its blocks, and how their parameters come about", blocks=(_block_table(network),)),
    ]


def _named_chains(network: _Network) -> list[tuple[str, tuple[LayerBlock, ...]]]:
    count = len(network.chains)
    members = (f", member {place} of {count}" * (count > 1) for place in range(1, count + 1))
    return [(network.title + member, blocks) for member, blocks in zip(members, network.chains, strict=True)]


def _reconstruction(network: _Network) -> list[Block]:
    """The report's CNN is known in part: what was chosen here, and whether the total agrees with the report's."""
    if network.runs[0].config.model != "cnn":
        return []
    total = network.table.with_buffers
    stated = f"the {_REPORT_MILLIONS:.2f} million that the report states"
    agrees = round(total / 1e6, 2) == _REPORT_MILLIONS
    verdict = (
        f"which is {stated}"
        if agrees
        else f"where {stated} are not met: this is another network than the report's"
    )
    return [
        Text(
            text="This layout is a reconstruction. The founding report gives the order of the layers, the filters, the "
            "widths of the Dense layers and the dropout of the blocks; it leaves open the sides of the kernels, the "
            "padding, the sides of the pools, the slope of LeakyReLU and the dropout after the Dense layers. Here they "
            f"come to {number(total)} parameters, the running statistics of BatchNorm counted, {verdict}."
        )
    ]


def _block_table(network: _Network) -> TextTable:
    table = network.table
    return TextTable(
        title=table.heading(),
        headers=("", "block", "layers", "output", "parameters", "share", "parameters come about as"),
        rows=tuple(_block_row(place, block) for place, block in enumerate(network.blocks)),
        totals=("", "total", "", "", number(table.with_buffers), "", f"{number(table.trainable)} trainable"),
        left=(1, 2, 6),
    )


def _block_row(place: int, block: LayerBlock) -> tuple[str, ...]:
    names = block.layers
    span = f"{names[0]} to {names[-1]}" if len(names) > 1 else "".join(names)
    return (
        str(place),
        ", ".join((block.title, *block.followers)),
        span,
        block.shape.text,
        number(block.parameters),
        told_share(block.share) if block.parameters else "",
        " + ".join(block.formulas),
    )


def _data(network: _Network) -> dict[str, Any]:
    return {
        "model": network.runs[0].summary.model,
        "runs": [run.name for run in network.runs],
        "parameters": network.table.with_buffers,
        "trainable": network.table.trainable,
        "blocks": [
            {
                "block": block.title,
                "followed_by": list(block.followers),
                "layers": list(block.layers),
                "sides": list(block.shape.sides),
                "channels": block.shape.channels,
                "parameters": block.parameters,
                "share": block.share,
                "multiplications": block.multiplications,
            }
            for block in network.blocks
        ],
    }


def _answer(networks: list[_Network]) -> str:
    return "; ".join(map(_told, networks)) + "."


def _told(network: _Network) -> str:
    weighted = network.blocks[1:]
    kinds = {
        "convolution": sum(block.convolution for block in weighted),
        "dense layer": sum(block.dense for block in weighted),
    }
    kinds["other layer with weights"] = len(weighted) - sum(kinds.values())
    named = [f"{count} {kind}{'s' * (count > 1)}" for kind, count in kinds.items() if count]
    name = network.runs[0].summary.model
    told = f"{name} has {number(network.table.with_buffers)} parameters in {listed(named or ['no layer'])}"
    if not network.table.with_buffers:
        return told
    largest = max(weighted, key=lambda block: block.parameters, default=network.blocks[0])
    return f"{told}, {percent(largest.share)} of them in {_where(largest)}"


def _where(block: LayerBlock) -> str:
    return f"{block.layers[0]} ({block.title}, output {block.shape.text})" if block.layers else block.title


PLUGIN = Diagnostic(order=20, title="Networks", question="How is each network built?", make=make)
