"""A trained network with fewer filters in some layers, which say nearly what all of them said.

Zhang et al. 2015, "Accelerating very deep convolutional networks for classification and detection", arXiv 1505.06798,
section 3.1: the outputs of a layer are projected on their principal components over many faces.
"""

from collections.abc import Iterable

import torch
from torch import nn

from mien.models.trunk import LowRank


class _Outputs:
    """Mean and covariance of what comes out of a convolution, channels over all places, in float64."""

    def __init__(self, layer: nn.Conv2d) -> None:
        self.count = 0
        self.sum = torch.zeros(layer.out_channels, dtype=torch.float64)
        self.products = torch.zeros(layer.out_channels, layer.out_channels, dtype=torch.float64)

    def __call__(self, _layer: nn.Module, _given: object, output: torch.Tensor) -> None:
        values = output.transpose(0, 1).flatten(1).double()  # (c, n * h * w)
        self.count += values.shape[1]
        self.sum += values.sum(1)
        self.products += values @ values.T

    @property
    def mean(self) -> torch.Tensor:
        """Of each channel, (c,)."""
        return self.sum / self.count

    def components(self, count: int) -> torch.Tensor:
        """The directions of most variance, orthonormal columns (c, count)."""
        covariance = self.products / self.count - torch.outer(self.mean, self.mean)
        return torch.linalg.eigh(covariance).eigenvectors[:, -count:]


@torch.no_grad()
def lower(network: nn.Module, wanted: nn.Module, batches: Iterable[torch.Tensor]) -> None:
    """Put a LowRank wherever `wanted` has one and this network, on the CPU, a convolution before a BatchNorm.

    Of all filters so few that say what the layer said, these make the least squared error over the inputs (b, 1, s, s)
    of the batches; the mean of what is lost goes into the BatchNorm. `wanted` stays as it is.
    """
    mine = dict(network.named_modules())
    whole = {
        name: layer
        for name, few in wanted.named_modules()
        if isinstance(few, LowRank) and isinstance(layer := mine.get(name), nn.Conv2d)
    }
    seen = {name: _Outputs(layer) for name, layer in whole.items()}
    hooks = [layer.register_forward_hook(seen[name]) for name, layer in whole.items()]
    try:
        network.eval()
        for inputs in batches if whole else ():
            network(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    for name, layer in whole.items():
        above, _, place = name.rpartition(".")
        around = network.get_submodule(above)
        few = wanted.get_submodule(f"{name}.0").get_parameter("weight").shape[0]
        components, mean = seen[name].components(few), seen[name].mean
        around.register_module(place, _lowered(layer, components))
        averages = around.get_submodule(str(int(place) + 1)).get_buffer("running_mean")
        averages -= (mean - components @ (components.T @ mean)).to(averages.dtype)


def _lowered(layer: nn.Conv2d, components: torch.Tensor) -> LowRank:
    """The same projected on these directions (c, few)."""
    made = LowRank(layer.in_channels, components.shape[1], layer.out_channels, int(layer.padding[0]))
    filters = torch.einsum("cf,cihw->fihw", components, layer.weight.double())
    made.get_parameter("0.weight").copy_(filters)
    made.get_parameter("1.weight").copy_(components[:, :, None, None])
    return made
