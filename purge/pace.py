"""How fast an account may be called: its token bucket and its pauses, shared by every worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from tenacity import AsyncRetrying, RetryCallState, wait_random_exponential

from purge.tables import accounts, insert_into
from purge.values import Budget, Limits

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

#: First and longest wait after a failure, in seconds, before jitter. A provider that was away for
#: an hour is asked again within a minute of its return.
RETRY_FIRST_S = 1.0
RETRY_MAX_S = 60.0
#: Longest pause that a provider's own words can cause, in seconds: a wrong header must not stop
#: purges for a day.
PAUSE_MAX_S = 900.0
#: Unix time as a float ends at a quarter of a microsecond: a shorter wait may never pass.
WAIT_MIN_S = 0.001

Backoff = Callable[[int], float]


def full_jitter(failures: int) -> float:
    """Return seconds to wait after the n-th failure in a row: uniform in [0, min(60, 2^(n-1))].

    "Full jitter" of Brooker, Exponential Backoff And Jitter (2015), as tenacity makes it.
    """
    state = RetryCallState(AsyncRetrying(), None, (), {})
    state.attempt_number = failures
    return wait_random_exponential(multiplier=RETRY_FIRST_S, max=RETRY_MAX_S)(state)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One account. Times are Unix seconds; ``fence`` is the last lease's token."""

    tokens: float
    filled_at_s: float
    paused_until_s: float = 0.0
    failures: int = 0
    failing_since_s: float | None = None
    fence: int = 0


def refilled(bucket: Bucket, limits: Limits, now_s: float) -> Bucket:
    """Return the bucket as it is now. A clock that went back fills nothing and ends long pauses."""
    spent_s = max(0.0, now_s - bucket.filled_at_s)
    tokens = min(float(limits.burst), bucket.tokens + spent_s * limits.rate_per_s)
    is_absurd = bucket.paused_until_s > now_s + PAUSE_MAX_S
    paused = 0.0 if is_absurd else bucket.paused_until_s
    return replace(bucket, tokens=tokens, filled_at_s=now_s, paused_until_s=paused)


def wait_s(bucket: Bucket, limits: Limits, now_s: float) -> float:
    """Return how long the next call of a refilled bucket must wait; 0 when it may be made."""
    wait_s = max(bucket.paused_until_s - now_s, (1.0 - bucket.tokens) / limits.rate_per_s)
    return max(WAIT_MIN_S, wait_s) if wait_s > 0 else 0.0


def taken(bucket: Bucket) -> Bucket:
    """Take a token and make the next fencing token."""
    return replace(bucket, tokens=max(0.0, bucket.tokens - 1.0), fence=bucket.fence + 1)


def told(bucket: Bucket, budget: Budget | None, now_s: float) -> Bucket:
    """Return a bucket that believes the provider where it allows less than we thought."""
    bucket = replace(bucket, failures=0, failing_since_s=None)
    if budget is None or budget.remaining is None or budget.remaining >= bucket.tokens:
        return bucket
    bucket = replace(bucket, tokens=float(max(0, budget.remaining)))
    if budget.remaining > 0 or budget.reset_s is None:
        return bucket
    return paused(bucket, budget.reset_s, now_s)


def paused(bucket: Bucket, pause_s: float, now_s: float) -> Bucket:
    """Return a bucket that makes no call for a while."""
    until_s = now_s + min(max(0.0, pause_s), PAUSE_MAX_S)
    return replace(bucket, paused_until_s=max(bucket.paused_until_s, until_s))


def failed(bucket: Bucket, now_s: float, backoff: Backoff) -> Bucket:
    """Return a bucket after one more failure in a row."""
    since_s = now_s if bucket.failing_since_s is None else bucket.failing_since_s
    failures = bucket.failures + 1
    bucket = replace(bucket, failures=failures, failing_since_s=since_s)
    return paused(bucket, backoff(failures), now_s)


async def locked(connection: AsyncConnection, account: str, limits: Limits, now_s: float) -> Bucket:
    """Return the account's bucket, refilled and ours until the transaction ends.

    One that was filled in what is now the future is kept as it is from here on: the clock has gone
    back, and until it has caught up the old time of filling would let nothing in.
    """
    query = select(accounts).where(accounts.c.account == account).with_for_update()
    found = (await connection.execute(query)).mappings().one_or_none()
    if found is None:
        fresh = {"account": account, **asdict(Bucket(float(limits.burst), now_s))}
        new = insert_into(connection, accounts).values(fresh)
        await connection.execute(new.on_conflict_do_nothing())
        found = (await connection.execute(query)).mappings().one()
    fields = {name: value for name, value in found.items() if name != "account"}
    bucket = refilled(Bucket(**fields), limits, now_s)
    if found["filled_at_s"] > now_s:
        await store(connection, account, bucket)
    return bucket


async def store(connection: AsyncConnection, account: str, bucket: Bucket) -> None:
    """Keep a bucket that this transaction has locked."""
    change = update(accounts).where(accounts.c.account == account)
    await connection.execute(change.values(asdict(bucket)))
