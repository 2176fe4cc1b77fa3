"""The text form of a network: one layer a line, "conv 6 2x2 stride 3"."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import prod

from mien.analysis.cost.words import Words
from mien.core.chain import Chain
from mien.core.errors import ConfigError
from mien.core.layers import Network
from mien.core.operations import (
    Attention,
    BatchNorm,
    Dropout,
    Elementwise,
    Flatten,
    Linear,
    Normalisation,
    Rearrange,
    Softmax,
)
from mien.core.sizes import positive
from mien.core.sliding import AdaptivePooling, Convolution, Pairs, Pooling, Shape, same_padding

_WINDOW = "[stride S] [padding same|valid|P]"


@dataclass(frozen=True)
class _Kind:
    """How a layer is written, and what its words add to the chain."""

    usage: str
    add: Callable[[Words, Chain], None]


def network_from_text(lines: Sequence[str], input_shape: Shape, *, batch: int = 1) -> Network:
    """A network from its layers in words; the input is height x width x channels, or features alone.

    Raises ConfigError, in one line with the grammar, for a word that is not understood or a layer that does not fit.

    >>> network = network_from_text(["conv 6 2x2 stride 3", "conv 4 2x2 stride 2"], (8, 8, 5))
    >>> [step.output for step in network.steps]
    [(1, 6, 3, 3), (1, 4, 1, 1)]
    """
    chain = Chain(inputs=((batch, input_shape[-1], *input_shape[:-1]),))
    named = [part.strip() for line in lines for part in line.replace(";", ",").split(",") if part.strip()]
    if not named:
        raise ConfigError(f"expected at least one layer; {grammar()}")
    for position, line in enumerate(named, start=1):
        _add_layer(chain, position, line)
    return chain.network("network in words", "channels last")


def grammar() -> str:
    """Every layer and how it is written, in one line."""
    return f"layers are written: {'; '.join(kind.usage for kind in _KINDS.values())}"


def _add_layer(chain: Chain, position: int, line: str) -> None:
    name, *rest = line.split()
    kind = _KINDS.get(name.lower())
    where = f'layer {position} "{line}"'
    if kind is None:
        close = get_close_matches(name.lower(), _KINDS, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise ConfigError(f'{where}: no layer is called "{name}"{hint}; {grammar()}')
    chain.layer(line, name.lower())
    try:
        words = Words(rest, len(chain.shape(chain.last)) - 2)
        kind.add(words, chain)
        words.end()
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}; it is written: {kind.usage}") from error


def _sides(chain: Chain) -> Shape:
    sides = chain.shape(chain.last)[2:]
    if not sides:
        raise ConfigError("it needs an input with sides, and this one is flat")
    return sides


def _padding(words: Words, chosen: str, sides: Shape, kernel: Shape, stride: Shape, dilation: Shape) -> Pairs:
    if chosen == "valid":
        return ((0, 0),) * len(sides)
    if chosen == "same":
        return tuple(same_padding(*each) for each in zip(sides, kernel, stride, dilation, strict=True))
    return words.padding(chosen)


def _convolution(words: Words, chain: Chain, *, transposed: bool = False) -> None:
    sides = _sides(chain)
    filters, kernel = words.whole("the number of filters"), words.sizes("kernel")
    given = words.options("stride", "padding", "dilation", "groups", flags=("nobias",))
    stride = words.spread(given.get("stride", "1"), "stride")
    dilation = words.spread(given.get("dilation", "1"), "dilation")
    chosen = given.get("padding", "valid").lower()
    if transposed and chosen == "same":
        raise ConfigError("padding same has no meaning for a transposed convolution")
    chain.add(
        Convolution(
            out_channels=filters,
            kernel=kernel,
            stride=stride,
            padding=_padding(words, chosen, sides, kernel, stride, dilation),
            dilation=dilation,
            groups=positive(given.get("groups", "1"), "groups"),
            bias="nobias" not in given,
            transposed=transposed,
        )
    )


def _transposed(words: Words, chain: Chain) -> None:
    _convolution(words, chain, transposed=True)


def _pooling(function: str) -> Callable[[Words, Chain], None]:
    def add(words: Words, chain: Chain) -> None:
        sides, kernel = _sides(chain), words.sizes("window")
        given = words.options("stride", "padding")
        stride = words.spread(given["stride"], "stride") if "stride" in given else kernel
        ones = (1,) * len(sides)
        padding = _padding(words, given.get("padding", "valid").lower(), sides, kernel, stride, ones)
        chain.add(Pooling(function=function, kernel=kernel, stride=stride, padding=padding, dilation=ones))

    return add


def _adaptive(function: str) -> Callable[[Words, Chain], None]:
    def add(words: Words, chain: Chain) -> None:
        _sides(chain)
        chain.add(AdaptivePooling(function=function, sizes=words.sizes("output size")))

    return add


def _global(function: str) -> Callable[[Words, Chain], None]:
    def add(_: Words, chain: Chain) -> None:
        chain.add(AdaptivePooling(function=function, sizes=(1,) * len(_sides(chain))))

    return add


def _linear(words: Words, chain: Chain) -> None:
    width = words.whole("the number of outputs")
    if len(chain.shape(chain.last)) != 2:
        raise ConfigError("it needs a flat input: put flatten before it")
    chain.add(Linear(out_features=width, bias="nobias" not in words.options(flags=("nobias",))))


def _batch_norm(_: Words, chain: Chain) -> None:
    chain.add(BatchNorm())


def _layer_norm(_: Words, chain: Chain) -> None:
    chain.add(Normalisation(axes=len(chain.shape(chain.last)) - 1))


def _group_norm(words: Words, chain: Chain) -> None:
    groups = words.whole("the number of groups")
    if chain.shape(chain.last)[1] % groups:
        raise ConfigError(f"{groups} groups do not divide {chain.shape(chain.last)[1]} channels")
    chain.add(Normalisation(groups=groups))


def _function(name: str) -> Callable[[Words, Chain], None]:
    def add(_: Words, chain: Chain) -> None:
        chain.add(Elementwise(function=name))

    return add


def _softmax(_: Words, chain: Chain) -> None:
    chain.add(Softmax())


def _dropout(words: Words, chain: Chain) -> None:
    chain.add(Dropout(rate=words.share(0.5)))


def _flatten(_: Words, chain: Chain) -> None:
    chain.add(Flatten())


def _residual(words: Words, chain: Chain) -> None:
    """Adds what went into the layer that stands so many layers before."""
    back = words.whole("the number of layers to go back")
    first = len(chain.layers) - 1 - back
    if first < 0:
        raise ConfigError(f"there are only {len(chain.layers) - 1} layers before it")
    start = next(at for at, step in enumerate(chain.steps) if step.layer == first)
    source = chain.steps[start].sources[0]
    if chain.shape(source) != chain.shape(chain.last):
        shapes = " and ".join("x".join(map(str, chain.shape(at)[1:])) for at in (source, chain.last))
        raise ConfigError(f"the two inputs must have one shape, got {shapes} (channels first)")
    chain.add(Elementwise(function="add"), chain.last, source)


def _squeeze_and_excitation(words: Words, chain: Chain) -> None:
    """Jie Hu, Li Shen and Gang Sun, "Squeeze-and-Excitation Networks" (2018)."""
    ratio, sides, source = words.whole("the reduction"), _sides(chain), chain.last
    channels = chain.shape(source)[1]
    if channels % ratio:
        raise ConfigError(f"the reduction {ratio} does not divide {channels} channels")
    chain.add(AdaptivePooling(function="average", sizes=(1,) * len(sides)))
    chain.add(Flatten())
    chain.add(Linear(out_features=channels // ratio))
    chain.add(Elementwise(function="relu"))
    chain.add(Linear(out_features=channels))
    chain.add(Elementwise(function="sigmoid"))
    gate = (chain.shape(source)[0], channels)
    spread = chain.add(Rearrange(source=gate, target=(*gate, *(1 for _ in sides))), copies=False)
    chain.add(Elementwise(function="multiply"), source, spread)


def _attention(words: Words, chain: Chain) -> None:
    """Multi-head self-attention over all places (Vaswani et al., "Attention Is All You Need", 2017)."""
    heads, _, shape = words.whole("the number of heads"), _sides(chain), chain.shape(chain.last)
    batch, channels, places = shape[0], shape[1], prod(shape[2:])
    if channels % heads:
        raise ConfigError(f"{heads} heads do not divide {channels} channels")
    tokens, each = (batch, places, channels), (batch, heads, places, channels // heads)
    chain.add(Rearrange(source=shape, target=tokens), copies=False)
    packed = chain.add(Linear(out_features=3 * channels))
    three = (*tokens[:-1], 3 * channels)
    parts = [chain.add(Rearrange(source=three, target=each), packed, copies=False) for _ in range(3)]
    chain.add(Attention(), *parts)
    chain.add(Rearrange(source=each, target=tokens))
    chain.add(Linear(out_features=channels))
    chain.add(Rearrange(source=tokens, target=shape), copies=False)


_FUNCTIONS = {
    "relu": "relu",
    "leakyrelu": "leaky_relu",
    "relu6": "hardtanh",
    "elu": "elu",
    "silu": "silu",
    "gelu": "gelu",
    "mish": "mish",
    "hardswish": "hardswish",
    "hardsigmoid": "hardsigmoid",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
}

_KINDS = {
    "conv": _Kind(f"conv FILTERS KERNEL {_WINDOW} [dilation D] [groups G] [nobias]", _convolution),
    "transposed": _Kind(
        "transposed FILTERS KERNEL [stride S] [padding P] [dilation D] [groups G] [nobias]", _transposed
    ),
    "linear": _Kind("linear OUTPUTS [nobias]", _linear),
    "maxpool": _Kind(f"maxpool WINDOW {_WINDOW}", _pooling("max")),
    "avgpool": _Kind(f"avgpool WINDOW {_WINDOW}", _pooling("average")),
    "adaptivemaxpool": _Kind("adaptivemaxpool SIZE", _adaptive("max")),
    "adaptiveavgpool": _Kind("adaptiveavgpool SIZE", _adaptive("average")),
    "globalmaxpool": _Kind("globalmaxpool", _global("max")),
    "globalavgpool": _Kind("globalavgpool", _global("average")),
    "batchnorm": _Kind("batchnorm", _batch_norm),
    "layernorm": _Kind("layernorm", _layer_norm),
    "groupnorm": _Kind("groupnorm GROUPS", _group_norm),
    **{name: _Kind(name, _function(function)) for name, function in _FUNCTIONS.items()},
    "softmax": _Kind("softmax", _softmax),
    "dropout": _Kind("dropout [RATE]", _dropout),
    "flatten": _Kind("flatten", _flatten),
    "residual": _Kind("residual LAYERS_BACK", _residual),
    "se": _Kind("se REDUCTION", _squeeze_and_excitation),
    "attention": _Kind("attention HEADS", _attention),
}
