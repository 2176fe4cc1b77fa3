"""Layers that slide a kernel over a map: convolutions, plain and transposed, and pooling, in any dimensions."""

from dataclasses import dataclass
from math import prod

from mien.core.errors import ConfigError
from mien.core.windows import Window

Shape = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]  # padding before and after, one pair a dimension


def same_padding(length: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Padding that makes the output ceil(length / stride) long; of an odd total the larger half comes after.

    The rule of TensorFlow; for stride 1 also PyTorch's padding="same".

    >>> same_padding(48, kernel=4, stride=1, dilation=1)
    (1, 2)
    """
    total = max(0, ((length - 1) // stride) * stride + dilation * (kernel - 1) + 1 - length)
    return total // 2, total - total // 2


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """A convolution (n, c, *sides) -> (n, out_channels, *sides); transposed ones spread where plain ones gather."""

    out_channels: int
    kernel: Shape
    stride: Shape
    padding: Pairs
    dilation: Shape
    groups: int = 1
    bias: bool = True
    transposed: bool = False
    output_padding: Shape = ()

    def output(self, source: Shape) -> Shape:
        """Shape of the output. Raises ConfigError where the kernel does not fit or groups do not divide channels."""
        _check_dimensions(source, self.kernel)
        if source[1] % self.groups or self.out_channels % self.groups:
            raise ConfigError(
                f"{self.groups} groups do not divide {source[1]} into {self.out_channels} channels"
            )
        lengths = self._spread(source) if self.transposed else self._gathered(source)
        return source[0], self.out_channels, *lengths

    def _gathered(self, source: Shape) -> list[int]:
        sizes = zip(source[2:], self.kernel, self.stride, self.padding, self.dilation, strict=True)
        return [positions(*size) for size in sizes]

    def _spread(self, source: Shape) -> list[int]:
        extra = self.output_padding or (0,) * len(self.kernel)
        sizes = zip(source[2:], self.kernel, self.stride, self.padding, self.dilation, extra, strict=True)
        lengths = [(n - 1) * s - sum(p) + d * (k - 1) + 1 + more for n, k, s, p, d, more in sizes]
        if min(lengths) < 1:
            raise ConfigError(f"the padding takes away the whole output ({'x'.join(map(str, lengths))})")
        return lengths

    def windows(self, source: Shape, output: Shape) -> tuple[Window, ...]:
        """One window a dimension; of a transposed convolution it walks over the output."""
        walked, steps = (output, source) if self.transposed else (source, output)
        return _windows(walked, steps, self.kernel, self.stride, self.padding, self.dilation)

    def parameters(self, source: Shape) -> tuple[int, int]:
        """Numbers that training moves, and all stored numbers."""
        weights = prod(self.kernel) * (source[1] // self.groups) * self.out_channels
        total = weights + self.out_channels * self.bias
        return total, total


@dataclass(frozen=True, kw_only=True)
class Pooling:
    """The average or the maximum of each window; `ceil` lets a last window reach over the edge."""

    function: str  # "average" or "max"
    kernel: Shape
    stride: Shape
    padding: Pairs
    dilation: Shape
    ceil: bool = False

    def output(self, source: Shape) -> Shape:
        """Shape of the output. Raises ConfigError where the window does not fit."""
        _check_dimensions(source, self.kernel)
        sizes = zip(source[2:], self.kernel, self.stride, self.padding, self.dilation, strict=True)
        return source[0], source[1], *(positions(*size, ceil=self.ceil) for size in sizes)

    def windows(self, source: Shape, output: Shape) -> tuple[Window, ...]:
        """One window a dimension."""
        return _windows(source, output, self.kernel, self.stride, self.padding, self.dilation)


@dataclass(frozen=True, kw_only=True)
class AdaptivePooling:
    """The average or the maximum of as many windows as the output has places; one place: the whole map."""

    function: str  # "average" or "max"
    sizes: Shape

    def output(self, source: Shape) -> Shape:
        """Shape of the output."""
        _check_dimensions(source, self.sizes)
        return source[0], source[1], *self.sizes

    def pairs(self, source: Shape) -> tuple[int, ...]:
        """Meetings of a window with an input, one count a dimension: window i is floor(i*n/o) to ceil((i+1)*n/o)."""
        return tuple(sum(self.windows(n, o)) for n, o in zip(source[2:], self.sizes, strict=True))

    @staticmethod
    def windows(length: int, places: int) -> list[int]:
        """Length of each window along one dimension."""
        return [-(-(i + 1) * length // places) - i * length // places for i in range(places)]


def positions(
    length: int, kernel: int, stride: int, padding: tuple[int, int], dilation: int, *, ceil: bool = False
) -> int:
    """How often a window fits; with ceil also one that starts inside and ends outside, as PyTorch and ONNX have it.

    Raises ConfigError where it does not fit once.

    >>> positions(8, 2, 3, (0, 0), 1), positions(8, 3, 3, (0, 0), 1, ceil=True)
    (3, 3)
    """
    reach = dilation * (kernel - 1) + 1
    padded = length + sum(padding)
    if reach > padded:
        raise ConfigError(
            f"a kernel that spans {reach} does not fit into {padded} (input {length} with padding)"
        )
    count = (padded - reach + (stride - 1) * ceil) // stride + 1
    starts_outside = ceil and (count - 1) * stride >= length + padding[0]
    return count - 1 if starts_outside else count


def _check_dimensions(source: Shape, sizes: Shape) -> None:
    if len(source) != len(sizes) + 2:
        sides = "x".join(map(str, source[2:])) or "none"
        raise ConfigError(f"needs an input with {len(sizes)} sides and channels, got sides {sides}")


def _windows(
    walked: Shape, steps: Shape, kernel: Shape, stride: Shape, padding: Pairs, dilation: Shape
) -> tuple[Window, ...]:
    sizes = zip(walked[2:], steps[2:], kernel, stride, padding, dilation, strict=True)
    return tuple(
        Window(length=n, positions=o, kernel=k, stride=s, before=p[0], dilation=d)
        for n, o, k, s, p, d in sizes
    )
