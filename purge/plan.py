"""What each provider will be told: the covering tag where it lacks a kind, collapse, batches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from cache_keys import policy, tags
from purge.batch import batches
from purge.errors import BadPurge
from purge.ports import Provider
from purge.values import Batch, Kind, Limits, Mode, Selection, Target

#: Targets of one order: ten times what a shop's largest cleaning had in our tests.
TARGETS_MAX = 1_000_000
#: From so many tags of one tenant on, its own tag is cheaper: about four calls of Fastly.
COLLAPSE_FROM = 1_000
#: Both purges of a target are calls.
ROUNDS = 2
_OF_PATH = re.compile(f"{policy.ROOT}(?:({policy.TENANT})/(?:({policy.HASH})/.*)?)?")


@dataclass(frozen=True, slots=True)
class ProviderPlan:
    """What one provider will be sent, twice, and how long its rate limit makes that take."""

    provider: str
    batches: tuple[Batch, ...]
    calls: int
    estimated_s: float


def collapsed(selection: Selection, *, allow_collapse: bool) -> Selection:
    """Replace very many tags of one tenant by the tenant's tag, if that is allowed.

    Raises BadPurge "purge.empty", "purge.many".
    """
    if not selection.targets:
        raise BadPurge("purge.empty")
    is_long = len(selection.targets) >= COLLAPSE_FROM
    if allow_collapse and selection.tenant and is_long:
        tag = Target(Kind.TAG, tags.tenant_tag(selection.tenant))
        return replace(selection, targets=(tag,))
    if len(selection.targets) > TARGETS_MAX:
        raise BadPurge("purge.many", log=f"{len(selection.targets)} of {TARGETS_MAX}")
    return selection


def covering(target: Target, limits: Limits) -> Target:
    """Return the target itself, or the narrowest tag that holds all of it for this provider."""
    if target.kind in limits.per_batch:
        return target
    match = _OF_PATH.fullmatch(target.text)
    if match and match[2]:
        return Target(Kind.TAG, tags.asset_tag(match[2]))
    if match and match[1]:
        return Target(Kind.TAG, tags.tenant_tag(match[1]))
    return Target(Kind.TAG, tags.ALL)


def plan(
    targets: Iterable[Target], mode: Mode, provider: Provider, second_s: float
) -> ProviderPlan:
    """Return the calls that an order makes at a provider with an empty queue and a full bucket.

    second_s: from an acceptance to the second purge.
    """
    limits = provider.limits
    found = sorted({covering(target, limits) for target in targets}, key=_by_kind)
    cut = tuple(
        batch
        for kind, its in groupby(found, key=lambda target: target.kind)
        for batch in batches(kind, mode, (target.text for target in its), limits)
    )
    calls = ROUNDS * len(cut)
    first_s = max(0, len(cut) - limits.burst) / limits.rate_per_s
    total_s = max(0, calls - limits.burst) / limits.rate_per_s
    return ProviderPlan(provider.name, cut, calls, max(first_s + second_s, total_s))


def mode_at(provider: Provider, providers: Iterable[Provider], mode: Mode) -> Mode:
    """Return how an order is sent to one of its providers: hard where another lies further out.

    A softly purged inner cache would hand its old answer to the outer one, which keeps it for a
    year: the new picture would come with the second purge only. People are still answered at once,
    by the outer cache's own old answer.
    """
    has_outer = any(other.depth > provider.depth for other in providers)
    return Mode.HARD if has_outer else mode


def chosen(providers: Mapping[str, Provider], names: Sequence[str]) -> Sequence[Provider]:
    """Return the providers of these names, all without names, the innermost first.

    Raises BadPurge "purge.provider" for a name that is not configured.
    """
    unknown = [name for name in names if name not in providers]
    if unknown:
        known = ", ".join(sorted(providers)) or "none"
        raise BadPurge("purge.provider", f"No provider is named {unknown[0]!r}; known: {known}.")
    found = [providers[name] for name in dict.fromkeys(names)] or list(providers.values())
    return sorted(found, key=lambda provider: (provider.depth, provider.name))


def _by_kind(target: Target) -> tuple[str, str]:
    return (target.kind, target.text)
