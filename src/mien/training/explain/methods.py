"""The attribution methods by name: one signature, each with its source."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from mien.training.explain.grad_cam import grad_cam
from mien.training.explain.gradients import gradient, integrated_gradients, smooth_gradient
from mien.training.explain.occlusion import occlusion

GRAD_CAM = "Grad-CAM"


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to say which pixels a score comes from.

    source     the paper
    attribute  (network in eval mode, inputs (n, 1, s, s), targets (n,)) -> float32 (n, s, s)
    both       whether a pixel counts that speaks against the class, as much as one that speaks for it
    """

    source: str
    attribute: Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]
    both: bool

    def heat(self, network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """How much each pixel counts, 0 or more, float32 (n, s, s) on the CPU."""
        found = self.attribute(network, inputs, targets).detach().float().cpu()
        return found.abs() if self.both else found.clamp_min(0)


def methods(layer: str | None = None) -> dict[str, Method]:
    """Every method; Grad-CAM looks at this convolution, by default at the last one."""
    return {
        "gradient": Method(source="Simonyan et al. 2014", attribute=gradient, both=True),
        "integrated gradients": Method(
            source="Sundararajan et al. 2017", attribute=integrated_gradients, both=True
        ),
        "SmoothGrad": Method(source="Smilkov et al. 2017", attribute=smooth_gradient, both=True),
        GRAD_CAM: Method(
            source="Selvaraju et al. 2017",
            attribute=lambda network, inputs, targets: grad_cam(network, inputs, targets, layer),
            both=False,
        ),
        "occlusion": Method(source="Zeiler & Fergus 2014", attribute=occlusion, both=False),
    }
