"""Cut texts into the calls that a provider takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from purge.values import Batch, Kind, Limits, Mode


def batches(kind: Kind, mode: Mode, texts: Iterable[str], limits: Limits) -> Iterator[Batch]:
    """Yield batches that cover the distinct texts exactly once, each as full as the limits allow.

    ``limits`` takes this kind. Texts keep their order; two neighbours are split only where a limit
    is reached.
    """
    count_max = limits.per_batch[kind]
    bytes_max = limits.header_bytes_max
    held: list[str] = []
    held_bytes = 0
    for text in dict.fromkeys(texts):
        size_bytes = len(text.encode()) + 1  # and the space before the next one
        is_too_long = bytes_max and held_bytes + size_bytes - 1 > bytes_max
        if held and (len(held) == count_max or is_too_long):
            yield Batch(kind, mode, tuple(held))
            held, held_bytes = [], 0
        held.append(text)
        held_bytes += size_bytes
    if held:
        yield Batch(kind, mode, tuple(held))
