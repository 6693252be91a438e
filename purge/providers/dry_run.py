"""A provider that purges nothing and says what it would have purged."""

from __future__ import annotations

from collections.abc import Callable

from purge.values import Acceptance, Batch, Limits


class DryRun:
    """Collects batches and shows each as one line. Stands for a provider with its limits."""

    def __init__(
        self,
        name: str,
        limits: Limits,
        *,
        depth: int = 0,
        show: Callable[[str], None] | None = None,
    ) -> None:
        self.name, self.account, self.depth, self.limits = name, name, depth, limits
        self.batches: list[Batch] = []
        self._show = show

    async def send(self, batch: Batch) -> Acceptance:
        """Keep the batch."""
        self.batches.append(batch)
        if self._show is not None:
            self._show(line_of(self.name, batch))
        return Acceptance((f"dry-run-{len(self.batches)}",))

    async def close(self) -> None:
        """Nothing is open."""


def line_of(name: str, batch: Batch) -> str:
    """Return what one call would have been, for people."""
    shown = " ".join(batch.texts) or "everything"
    return f"{name} would {batch.mode} purge {len(batch.texts)} {batch.kind}: {shown}"
