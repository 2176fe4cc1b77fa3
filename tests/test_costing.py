"""mien.cost: a network in every form in which it can be given."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from mien.core.errors import ConfigError, DataError
from mien.costing import cost, growth

REPORT = "conv 6 2x2 stride 3, conv 4 2x2 stride 2"


def test_words_as_a_line_or_a_list() -> None:
    assert cost(REPORT, (8, 8, 5)) == cost(REPORT.split(", "), (8, 8, 5))


def test_a_module() -> None:
    module = nn.Sequential(nn.Conv2d(5, 6, 2, stride=3), nn.Conv2d(6, 4, 2, stride=2))
    table = cost(module, (5, 8, 8))
    assert table.forward == cost(REPORT, (8, 8, 5)).forward
    assert table.network == "Sequential"
    assert table.rows[0].output_shape == (6, 3, 3)


def test_a_module_without_a_size_asks_for_it() -> None:
    with pytest.raises(ConfigError, match="Linear: give the size of its input"):
        cost(nn.Linear(2, 3))


def test_by_name_and_training_batch() -> None:
    table = cost("dnn", training=True)
    assert (table.network, table.batch, table.mode) == ("dnn", 128, "training")
    assert table.backward_weights.multiplications > table.backward_inputs.multiplications


def test_our_networks_take_faces_of_other_sides() -> None:
    assert cost("dnn", (1, 20, 20)).rows[1].forward.multiplications == 400 * 820
    with pytest.raises(ConfigError, match="too small"):
        cost("cnn", (1, 9, 9))
    with pytest.raises(ConfigError, match="does not run on an input of 1x3x48x48"):
        cost("cnn", (3, 48, 48))


def test_a_batch_without_samples_is_refused() -> None:
    with pytest.raises(ConfigError, match="batch: expected at least 1, got 0"):
        cost(REPORT, (8, 8, 5), batch=0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "nets.py"
    path.write_text(
        "from torch import nn\n"
        "def build():\n    return nn.Linear(4, 2)\n"
        "made = nn.Linear(4, 3)\n"
        "def wrong():\n    return 3\n"
        "def fails():\n    raise KeyError('x')\n"
    )
    return path


def test_a_function_or_a_module_in_a_file(file: Path) -> None:
    assert cost(f"{file}:build", (4,)).trainable == 10
    assert cost(f"{file}:made", (4,)).trainable == 15


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none", "has nothing called none"),
        ("wrong", "expected a torch.nn.Module, got int"),
        ("fails", "raised KeyError"),
    ],
)
def test_a_file_without_a_network(file: Path, name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        cost(f"{file}:{name}", (4,))


def test_a_file_with_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import nothing_of_this_name\n")
    with pytest.raises(ConfigError, match=r"broken\.py raised ModuleNotFoundError"):
        cost(f"{broken}:build", (4,))
    with pytest.raises(DataError, match="no such file"):
        cost(f"{tmp_path / 'none.py'}:build", (4,))


def test_an_importable_place() -> None:
    assert cost("torch.nn:Identity", (4,)).operations == 0


def test_measured_layers_have_seconds_beside_their_count() -> None:
    table = cost("conv 8 3, relu, flatten, linear 4", (12, 12, 1), measure=True)
    assert [row.seconds is not None for row in table.rows] == [True, True, True, True]
    assert table.peak_rate > 1e7
    assert 0 < table.seconds < 10


def test_a_module_is_measured_by_its_own_names() -> None:
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Dropout())
    rows = cost(module, (1, 12, 12), measure=True, batch=2).rows
    assert rows[0].seconds > 0
    assert rows[1].seconds > 0
    assert rows[2].seconds is None


def test_an_onnx_file_is_not_measured(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from onnx import TensorProto, helper, save

    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", values[:1], values[1:])
    path = tmp_path / "net.onnx"
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    assert cost(path).forward.others == cost(str(path)).forward.others == {"comparisons": 3}
    with pytest.raises(ConfigError, match="can be measured"):
        cost(path, measure=True)


def test_growth_of_a_module_lays_it_out_again() -> None:
    module = nn.Sequential(nn.Conv2d(5, 6, 2, stride=3), nn.ReLU(), nn.Conv2d(6, 4, 2, stride=2))
    found = growth(module, (5, 8, 8))
    larger = cost(module, (5, 16, 16)).forward
    doubled = next(each for each in found.growths if each.change == "input side doubled")
    assert doubled.products == larger.multiplications + larger.additions


def test_words_need_no_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        f"from mien.costing import cost\nprint(cost({REPORT!r}, (8, 8, 5)).trainable)\n"
        "import mien.core.errors\n"
        "try:\n    cost('cnn')\nexcept mien.core.errors.MissingExtra as error:\n    print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        "226",
        "counting cnn needs torch, which is not installed: pip install 'mien[lab]'",
    ]


def test_the_mode_around_the_call_does_not_matter() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    expected = cost(module.train(), (1, 8, 8))
    with torch.inference_mode():
        assert cost(module.eval(), (1, 8, 8)) == expected


@pytest.mark.parametrize(
    "inputs", [8, (), "", "8xx5", (8, -8, 5), (8, 0, 5), (8.0, 8.0, 5.0), ["8", "8"], {8: 8}]
)
@pytest.mark.parametrize("network", [REPORT, "cnn", nn.Linear(5, 2)])
def test_inputs_that_are_no_sizes(network: object, inputs: object) -> None:
    with pytest.raises(ConfigError, match=r"input.*: expected"):
        cost(network, inputs)


def test_sizes_may_be_text_and_only_modules_take_several() -> None:
    assert cost(REPORT, "8x8x5") == cost(REPORT, [8, 8, 5])
    with pytest.raises(ConfigError, match="takes one input"):
        cost(REPORT, [(8, 8, 5), (8, 8, 5)])
    assert cost(nn.Bilinear(3, 4, 2), "3,4").trainable == 26


class Raising(nn.Module):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values / (1 // 0)


@pytest.mark.filterwarnings("ignore")  # scripts are deprecated, lazy layers a changing feature
def test_whatever_a_module_raises_is_one_line() -> None:
    with pytest.raises(ConfigError, match="Raising does not run on an input of 1x3: ZeroDivisionError"):
        cost(Raising(), (3,))
    with pytest.raises(ConfigError, match=r"LazyLinear cannot be counted: ValueError: .*uninitialized"):
        cost(nn.LazyLinear(3), (3,))
    with pytest.raises(ConfigError, match=r"cannot be counted: RuntimeError|does not run on an input"):
        cost(torch.jit.script(nn.Sequential(nn.Linear(3, 2))), (3,))


@pytest.mark.parametrize("inputs", [None, (1, 48, 48)])
def test_two_networks_at_once_are_refused(inputs: object) -> None:
    with pytest.raises(ConfigError, match="cnn, dnn: a network of mien is counted alone"):
        cost(["cnn", "dnn"], inputs)


def test_a_network_of_mien_may_have_choices() -> None:
    low, high = cost("trunk:ranks=0/0/112/80"), cost("trunk")
    assert (low.with_buffers, high.with_buffers) == (1_029_187, 1_996_867)
    with pytest.raises(ConfigError, match="cnn: pool: expected average or max, got min"):
        cost("cnn:pool=min")
