"""What each choice in mien's training step buys: faces a second of the report's CNN, or another, a process per row.

    python bench/train_step.py [rounds [network]]

Rows build on each other; rounds are interleaved, so that a busy machine slows all rows alike.
"""

import statistics
import subprocess
import sys
import time

BATCH, STEPS, WARM_UP = 128, 8, 3
ROWS = {
    "plain torch": (),
    "+ channels last": ("layout",),
    "+ freed memory kept": ("layout", "memory"),
    "+ 16-bit dropout": ("layout", "memory", "dropout"),
    "+ compiled convolutions": ("layout", "memory", "dropout", "convolutions"),
    "+ compiled BatchNorm": ("layout", "memory", "dropout", "convolutions", "normalisation"),
    "+ the rest compiled": ("layout", "memory", "dropout", "convolutions", "normalisation", "rest"),
}


def measure(choices: tuple[str, ...], model: str) -> float:
    """Faces a second, median over steps, in this process."""
    import torch
    from torch import nn

    from mien.models import registry
    from mien.training import joined, machine, normalise, pooled, winograd

    if "memory" in choices:
        machine._keep_freed_memory()
    network = registry.build(model)
    if "dropout" not in choices:
        for owner in list(network.modules()):
            for place, layer in list(owner.named_children()):
                if isinstance(layer, nn.Dropout):
                    setattr(owner, place, nn.Dropout(layer.p))
    layout = torch.channels_last if "layout" in choices else torch.contiguous_format
    network.to(memory_format=layout).train()
    if "convolutions" in choices:
        winograd.use(network)
    if "normalisation" in choices:
        normalise.use(network)
    if "rest" in choices:
        pooled.use(network)
        joined.use(network)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, nesterov=True, fused=True)
    faces = torch.randn(BATCH, 1, 48, 48).contiguous(memory_format=layout)
    labels = torch.randint(0, 7, (BATCH,))
    seconds = []
    for _ in range(WARM_UP + STEPS):
        started = time.perf_counter()
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(faces), labels).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - started)
    return BATCH / statistics.median(seconds[WARM_UP:])


def main() -> None:
    """Print the table, or, when a row is named, that row's figure."""
    if len(sys.argv) > 3:
        print(measure(ROWS[sys.argv[3]], sys.argv[2]))
        return
    rounds, model = int((sys.argv[1:] or ["3"])[0]), (sys.argv[2:] or ["cnn"])[0]
    found: dict[str, list[float]] = {name: [] for name in ROWS}
    for _ in range(rounds):
        for name in ROWS:
            command = [sys.executable, "-W", "ignore", __file__, "1", model, name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found[name].append(float(done.stdout))
    base = statistics.median(found["plain torch"])
    for name, figures in found.items():
        middle = statistics.median(figures)
        print(f"{name:22} {middle:7.0f} faces/s  {middle / base:5.2f} times")


if __name__ == "__main__":
    main()
