"""The processes that train one network together, started by `torchrun`; one alone is a group too.

Every process draws the same batch and takes its share of the sequences, so that the gradient of a
step is the same, up to rounding and dropout, however many processes there are.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from model.errors import SpecError


@dataclass(frozen=True)
class Workers:
    """One process's view of the group: its number and how many there are."""

    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls, device: str) -> Workers:
        """Join the group that `torchrun` announces in the environment; NCCL on CUDA, else gloo."""
        size = int(os.environ.get("WORLD_SIZE", "1"))
        if size == 1:
            return cls()
        if not distributed.is_initialized():
            if device.startswith("cuda"):
                torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
            distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
        return cls(distributed.get_rank(), size)

    @property
    def first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """Sequences of a batch [B, ...] that fall to this process.

        Raises
        ------
        SpecError
            The batch cannot be divided.
        """
        if len(batch) % self.size:
            raise SpecError(
                f"batch {len(batch)}: not a multiple of the {self.size} processes; change --batch"
            )
        return batch[self.rank :: self.size]

    def average_gradients(self, network: nn.Module) -> None:
        """Replace each gradient by its mean over the processes."""
        if self.size > 1:
            for parameter in network.parameters():
                if parameter.grad is not None:
                    distributed.all_reduce(parameter.grad)
                    parameter.grad /= self.size

    def from_first(self, values: Tensor) -> Tensor:
        """What the first process holds, for all of them."""
        if self.size > 1:
            distributed.broadcast(values, 0)
        return values

    def leave(self) -> None:
        """Wait for the others and end the group."""
        if self.size > 1:
            distributed.barrier()
            distributed.destroy_process_group()
