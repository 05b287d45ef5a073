"""What this machine is: device, memory, cores. Loads no model library unless a GPU is likely."""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Machine:
    """`device`: cpu, cuda or mps. `memory_mb`: what loaded models may take together."""

    device: str
    memory_mb: int
    threads: int


def find_device(wanted: str) -> str:
    """The device to run on; "auto" takes CUDA where an NVIDIA driver answers, MPS on Apple silicon.

    Looks for the driver's tool instead of importing torch, which takes seconds."""
    if wanted != "auto":
        return wanted
    if shutil.which("nvidia-smi"):
        return "cuda"
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return "mps"
    return "cpu"


def this_machine(device: str, memory_mb: int, threads: int) -> Machine:
    """This machine under the operator's settings; `memory_mb` 0 means 60 % of the memory."""
    total = int(psutil.virtual_memory().total / 2**20)
    return Machine(find_device(device), memory_mb or int(total * 0.6), threads)
