"""Runs a function in several processes of one machine, told what torchrun tells them."""

import multiprocessing
import os
import traceback

import torch
from torch.distributed import TCPStore

PRELOADED = ["mien.training.fit", "mien.training.together", "mien.data.load", "tests.conftest"]
LIMIT = 240  # seconds after which a process counts as hung


def run_together(size, work, *arguments):
    """What work(*arguments) gives in each of so many processes, by rank; the exit code of one that ended itself."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    # torchrun's own, too, outlives the processes
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    ends = [context.Pipe(duplex=False) for _ in range(size)]
    processes = [
        context.Process(target=_as_rank, args=(rank, size, store.port, ends[rank][1], work, arguments))
        for rank in range(size)
    ]
    for process in processes:
        process.start()
    for _, sending in ends:  # the processes' own: where one ends, its pipe ends too
        sending.close()
    try:
        return [_answer(end, process) for (end, _), process in zip(ends, processes, strict=True)]
    finally:
        for process in processes:
            process.kill()
            process.join()


def _answer(end, process):
    assert end.poll(LIMIT), f"{process.name} hangs"
    try:
        answer = end.recv()
    except EOFError:
        process.join()
        return process.exitcode
    if isinstance(answer, str):
        raise AssertionError(answer)
    return answer[0]


def _as_rank(rank, size, port, end, work, arguments):
    torch.set_num_threads(1)
    told = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size}
    os.environ |= {name: str(value) for name, value in told.items()}
    os.environ |= {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
    }
    try:
        end.send((work(*arguments),))
    except Exception:
        end.send(traceback.format_exc())
