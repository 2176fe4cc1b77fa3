"""The section on networks: its words by hand, and that its diagram draws what the table says."""

import json
from dataclasses import replace

import pytest

from mien.analysis.layer_blocks import MapShape, chains, layer_blocks
from mien.core.config import TrainConfig
from mien.core.costs import CostTable
from mien.core.errors import MissingInput
from mien.core.material import Material, ReadRun
from mien.core.section import Drawing, Finding, Fold, Heading, Text
from mien.costing import cost
from mien.diagnostics._canvas import COLOURS
from mien.diagnostics._network_figure import Scale, draw_network, network_drawing, rows_of_blocks
from mien.diagnostics.networks import PLUGIN
from tests.diagnostics.read_runs import read_run

matplotlib_figure = pytest.importorskip("matplotlib.figure")

# the report's reconstruction, in words: 2,119,015 parameters
REPORT = [
    *(
        layer
        for filters, kernel, padding in (
            (32, 4, "same"),
            (64, 4, "same"),
            (128, 3, "same"),
            (256, 3, "valid"),
        )
        for layer in (
            f"conv {filters} {kernel}x{kernel} padding {padding}",
            "leakyrelu",
            "batchnorm",
            "avgpool 2x2",
            "dropout",
        )
    ),
    "flatten",
    *(
        layer
        for width in (1024, 512, 256)
        for layer in (f"linear {width}", "leakyrelu", "batchnorm", "dropout")
    ),
    "linear 7",
]
CNN = cost(REPORT, (48, 48, 1))
DNN = cost(["flatten", "linear 820", "batchnorm", "linear 256", "batchnorm", "linear 7"], (48, 48, 1))


def run(name: str, costs: CostTable | None, model: str = "cnn") -> ReadRun:
    made = read_run(name)
    summary = replace(made.summary, model=model)
    return replace(made, summary=summary, config=TrainConfig(model=model), costs=costs)


def made(*runs: ReadRun) -> Finding:
    return PLUGIN.make(Material(runs=runs))


def test_the_answer_is_read_from_the_table() -> None:
    finding = made(run("one", CNN), run("two", DNN, "dnn"))
    assert finding.answer == (
        "cnn has 2,119,015 parameters in 4 convolutions and 4 dense layers, 49.7 % of them in linear 1024 "
        "(linear, output 1024); dnn has 2,106,379 parameters in 3 dense layers, 89.9 % of them in linear 820 "
        "(linear, output 820)."
    )


def test_the_report_s_network_is_called_a_reconstruction() -> None:
    def said(finding: Finding) -> list[str]:
        return [block.text for block in finding.blocks if isinstance(block, Text)]

    (text,) = said(made(run("one", CNN)))
    assert "a reconstruction" in text
    assert text.endswith("2,119,015 parameters, the running statistics of BatchNorm counted, which is the 2.12 million "
                         "that the report states.")  # fmt: skip
    (text,) = said(made(run("small", cost(["flatten", "linear 7"], (48, 48, 1)))))
    assert text.endswith("are not met: this is another network than the report's.")
    assert said(made(run("two", DNN, "dnn"))) == []


def test_runs_of_one_network_share_a_figure_in_the_colour_of_the_first() -> None:
    finding = made(run("none", None), run("one", CNN), run("two", DNN, "dnn"), run("three", CNN))
    headings = [block.text for block in finding.blocks if isinstance(block, Heading)]
    assert headings == ["cnn (one and three)", "dnn (two)"]
    first, second = (block for block in finding.blocks if isinstance(block, Drawing))
    assert COLOURS[1] in first.svg
    assert COLOURS[2] in second.svg
    assert not any(COLOURS[k] in first.svg for k in (0, 2, 3))
    assert finding.blocks[0] == Text(text="run none has no costs.json; it is written when training begins.")


def test_nothing_to_show() -> None:
    with pytest.raises(MissingInput, match="run none has no costs"):
        made(run("none", None))


def test_words_for_who_cannot_see_and_data() -> None:
    finding = made(run("one", CNN))
    (figure,) = (block for block in finding.blocks if isinstance(block, Drawing))
    assert "input 48x48x1; conv 4x4 24x24x32 with 672 parameters (< 0.1 %)" in figure.alt
    assert "height x width x channels" in figure.caption
    (fold,) = (block for block in finding.blocks if isinstance(block, Fold))
    assert fold.blocks[0].rows[4][3:] == (
        "2x2x256",
        "296,192",
        "14.0 %",
        "3*3*128*256+256 + 4*256",
    )
    (network,) = json.loads(json.dumps(finding.data, allow_nan=False))["networks"]
    assert network["parameters"] == sum(block["parameters"] for block in network["blocks"]) == 2_119_015
    assert network["trainable"] == 2_114_471
    assert network["blocks"][1]["sides"] == [24, 24]


def drawn(table: CostTable) -> "matplotlib_figure.Axes":
    blocks = chains(table)[0]
    axes = matplotlib_figure.Figure().subplots()
    draw_network(rows_of_blocks(blocks), Scale.of([block.shape for block in blocks]), COLOURS[0], axes)
    return axes


def test_the_diagram_says_every_block_inside_the_page() -> None:
    axes = drawn(CNN)
    texts = [text.get_text() for text in axes.texts]
    for shape in ("48x48x1", "24x24x32", "12x12x64", "6x6x128", "2x2x256", "1024", "512", "256", "7"):
        assert shape in texts
    assert texts.count("parameters") == 8
    assert {"672", "49.7 %", "< 0.1 %"} <= set(texts)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    for patch in axes.patches:
        box = patch.get_path().get_extents(patch.get_patch_transform())
        assert left <= box.x0 <= box.x1 <= right
        assert bottom <= box.y0 <= box.y1 <= top


def test_an_ensemble_has_a_diagram_a_member_and_shortcuts_lead_past_residual_blocks() -> None:
    torch = pytest.importorskip("torch")

    class Residual(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.branch = torch.nn.Sequential(torch.nn.Conv2d(4, 4, 3, padding=1), torch.nn.ReLU())

        def forward(self, values):  # type: ignore[no-untyped-def]
            return values + self.branch(values)

    class Pair(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.members = torch.nn.ModuleList(
                torch.nn.Sequential(
                    torch.nn.Conv2d(1, 4, 3), Residual(), torch.nn.Flatten(), torch.nn.Linear(144, 7)
                )
                for _ in range(2)
            )

        def forward(self, faces):  # type: ignore[no-untyped-def]
            return self.members[0](faces) + self.members[1](faces)

    table = cost(Pair(), (1, 8, 8))
    figures = [block for block in made(run("both", table)).blocks if isinstance(block, Drawing)]
    assert [figure.caption.split(":")[0] for figure in figures] == [
        "cnn (both), member 1 of 2",
        "cnn (both), member 2 of 2",
    ]
    assert "Conv2d 3x3 6x6x4 with 40 parameters" in figures[0].alt
    assert "residual block 6x6x4 with 148 parameters" in figures[0].alt
    assert "past which it goes" in figures[0].caption
    assert (
        "past which it goes"
        not in network_drawing(layer_blocks(CNN), Scale.of([]), COLOURS[0], "cnn").caption
    )
    axes = drawn(table)
    (over,) = (line for line in axes.lines if len(line.get_xdata()) == 3 and line.get_color() == "#888888")
    assert axes.get_ylim()[1] > max(over.get_ydata())


def test_shares_fill_their_frames() -> None:
    axes = drawn(DNN)
    bars = [patch for patch in axes.patches if type(patch).__name__ == "Rectangle"]
    filled = [bar.get_width() for bar in bars if bar.get_fill()]
    frames = [bar.get_width() for bar in bars if not bar.get_fill()]
    blocks = layer_blocks(DNN)[1:]
    assert [part / whole for part, whole in zip(filled, frames, strict=True)] == pytest.approx(
        [block.share for block in blocks]
    )


def test_sizes_are_drawn_by_square_roots() -> None:
    scale = Scale(side=48, channels=256, length=1024)
    width, height, depth = scale.box(MapShape(sides=(12, 12), channels=64, text=""))
    whole = scale.box(MapShape(sides=(48, 48), channels=256, text=""))
    assert (width, height, depth) == pytest.approx((whole[0] / 2, whole[1] / 2, whole[2] / 2))
    long, short = (scale.box(MapShape(sides=(), channels=n, text="")) for n in (1024, 256))
    assert short[1] == pytest.approx(long[1] / 2)
    assert short[2] == 0
    assert min(scale.box(MapShape(sides=(1, 1), channels=1, text=""))) > 0  # still to be seen


def test_rows_are_about_equally_long() -> None:
    def lengths(words: list[str]) -> list[int]:
        return [len(row) for row in rows_of_blocks(layer_blocks(cost(words, (32, 32, 1))))]

    convs = ["conv 4 3x3 padding same"]
    assert lengths(REPORT) == [5, 4]  # maps, then vectors
    assert lengths(convs * 15 + ["flatten", "linear 7"]) == [5, 4, 4, 4]
    assert lengths(convs * 14 + ["flatten", "linear 7"]) == [4, 4, 4, 4]
    assert lengths(convs) == [2]


def test_a_very_long_network_is_drawn_by_stages() -> None:
    words = ["conv 4 3x3 padding same", "relu"] * 60 + ["maxpool 2x2", "flatten", "linear 7"]
    blocks = layer_blocks(cost(words, (8, 8, 1)))
    figure = network_drawing(blocks, Scale.of([block.shape for block in blocks]), COLOURS[0], "long")
    assert "59 blocks" in figure.alt
    assert "Of its 62 blocks, neighbours with outputs of one shape are drawn as one." in figure.caption


def test_hostile_names_are_text() -> None:
    finding = made(run("<script>alert(1)</script>", CNN, "<img src=x>$x$"))
    svgs = [block.svg for block in finding.blocks if isinstance(block, Drawing)]
    assert not any("<script" in svg or "<img" in svg for svg in svgs)
