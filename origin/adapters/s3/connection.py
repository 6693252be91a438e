"""One S3 client for each process, opened and closed with the origin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aioboto3
from aiobotocore.config import AioConfig

from origin.adapters.s3.address import S3Address, S3Limits
from origin.adapters.s3.bucket import Bucket
from origin.adapters.s3.errors import s3_errors


@asynccontextmanager
async def open_bucket(address: S3Address, limits: S3Limits) -> AsyncIterator[Bucket]:
    """Open the client. Credentials and what is not given come from AWS's usual chain.

    Raises StoreUnavailable when no client can be made of that.
    """
    with s3_errors(f"make a client for {address}"):
        client = aioboto3.Session().client(
            "s3",
            endpoint_url=address.endpoint,
            region_name=address.region,
            config=config(limits, is_own_endpoint=address.endpoint is not None),
        )
        opened = await client.__aenter__()
    try:
        yield Bucket(opened, address, limits)
    finally:
        await client.__aexit__(None, None, None)


def config(limits: S3Limits, *, is_own_endpoint: bool) -> AioConfig:
    """Return how the client behaves.

    Bodies are covered by the SHA-256 that each put sends in a signed header, so they are not
    hashed a second time for the signature. What is read is proven by its note or its digest.
    """
    return AioConfig(
        connect_timeout=limits.connect_s,
        read_timeout=limits.read_s,
        max_pool_connections=limits.connections,
        retries={"mode": "standard", "total_max_attempts": limits.attempts},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={
            "payload_signing_enabled": False,
            "addressing_style": "path" if is_own_endpoint else "auto",
        },
    )
