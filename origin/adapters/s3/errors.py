"""What the words of an S3 server and of its client mean here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from origin.errors import StoreUnavailable

NOT_FOUND = 404
NOT_MODIFIED = 304
#: Two writers of one name at once (409), and a name that is not as the condition wants it (412).
#: If-Match on a name that is gone is answered 404.
CONDITION_FAILED = frozenset({404, 409, 412})
INSUFFICIENT_STORAGE = 507
FULL = frozenset({"QuotaExceeded", "InsufficientStorage", "EntityTooLarge"})


@contextmanager
def s3_errors(doing: str) -> Iterator[None]:
    """Turn whatever S3 or the way to it says into StoreUnavailable.

    "store.full" or "store.unavailable"; the log says ``doing`` and why. No answer in time is one
    of them: nothing here means "not there".
    """
    try:
        yield
    except ClientError as error:
        is_full = status_of(error) == INSUFFICIENT_STORAGE or code_of(error) in FULL
        code = "store.full" if is_full else "store.unavailable"
        raise StoreUnavailable(code, log=f"cannot {doing}: {error}") from error
    except TimeoutError as error:
        log = f"cannot {doing}: no whole answer in time"
        raise StoreUnavailable("store.unavailable", log=log) from error
    except (BotoCoreError, aiohttp.ClientError) as error:
        log = f"cannot {doing}: {str(error) or type(error).__name__}"
        raise StoreUnavailable("store.unavailable", log=log) from error


def status_of(error: ClientError) -> int:
    """Return the HTTP status of an answer that the client raised."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


def code_of(error: ClientError) -> str:
    """Return S3's own word, like ``NoSuchKey``."""
    return str(error.response["Error"].get("Code", ""))


def is_absent(error: ClientError) -> bool:
    """Return whether the name, and not the bucket, is what S3 does not know."""
    return status_of(error) == NOT_FOUND and code_of(error) != "NoSuchBucket"
