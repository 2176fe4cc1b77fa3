"""Networks side by side: their logits, their parameters, their cost, and how they are named."""

import pytest
import torch

from mien.core.errors import ConfigError
from mien.costing import cost
from mien.models import registry
from mien.models._blocks import count_parameters
from mien.models.ensemble import member_text, named

CNN = {"filters": (4, 6), "kernels": (4, 3), "padding": ("same", "valid"), "dense": (12,)}
TRUNK = {"stem": 4, "widths": (8, 8), "blocks": (1, 1), "head": 8, "dropout": 0.0}
OF = tuple(member_text(name, choices) for name, choices in (("trunk", TRUNK), ("cnn", CNN), ("trunk", TRUNK)))


def test_logits_are_the_mean_of_the_members() -> None:
    torch.manual_seed(0)
    network = registry.build("ensemble", {"of": OF})
    alone = [count_parameters(registry.build(*one)).with_statistics for one in map(named, OF)]
    assert count_parameters(network).with_statistics == sum(alone)
    faces = torch.randn(4, 1, 48, 48)
    said = network(faces)
    assert said.shape == (4, 3, 7)
    assert not torch.allclose(said[:, 0], said[:, 2])
    network.eval()
    apart = torch.stack([member(faces) for member in network.members])
    assert torch.allclose(network(faces), apart.mean(0), atol=1e-6)


def test_logits_are_the_weighted_mean_where_there_are_shares() -> None:
    network = registry.build("ensemble", {"of": OF, "shares": "0.5/0.2/0.3"})
    faces = torch.randn(4, 1, 48, 48)
    assert network(faces).shape == (4, 3, 7)  # each learns by its own loss, whatever its share
    network.eval()
    first, second, third = (member(faces) for member in network.members)
    assert torch.allclose(network(faces), 0.5 * first + 0.2 * second + 0.3 * third, atol=1e-6)


@pytest.mark.parametrize("shares", ["0.5/0.5", "0.5/0.5/0.5", "1.5/-0.5/0", "nan/0.5/0.5", "inf/0/0"])
def test_impossible_shares_are_refused(shares) -> None:
    with pytest.raises(ConfigError, match="expected 3 shares of at least 0 with the sum 1, got "):
        registry.build("ensemble", {"of": OF, "shares": shares})


def test_members_cost_what_they_cost_apart() -> None:
    one, three = (cost(registry.build("ensemble", {"of": OF[:1] * n}), (1, 48, 48)) for n in (1, 3))
    alone = cost(registry.build("trunk", TRUNK), (1, 48, 48)).forward.multiplications
    assert three.uncounted == ()
    assert three.with_buffers == 3 * one.with_buffers
    # the mean: a product for each of 7 classes
    assert three.forward.multiplications == 3 * alone + 7


def test_a_name_says_all(tmp_path) -> None:
    assert OF[0] == "trunk+stem=4+widths=8-8+blocks=1-1+head=8+dropout=0.0"
    typed = registry.options("ensemble", {"of": "/".join(OF)})
    assert typed == registry.options("ensemble", {"of": OF})
    assert [registry.options(*named(one)) for one in typed.of][::2] == [registry.options("trunk", TRUNK)] * 2


def test_an_ensemble_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least one network"):
        registry.build("ensemble", {"of": ()})


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("ensemble", "not another ensemble"),
        ("trunc", "no architecture is called 'trunc'"),
        ("cnn+pool=min", "expected average or max, got min|pool"),
        ("cnn+pool", "'pool' has no value"),
    ],
)
def test_what_names_no_network_is_refused(member, message) -> None:
    with pytest.raises(ConfigError, match=message):
        registry.build("ensemble", {"of": ("trunk", member)})
