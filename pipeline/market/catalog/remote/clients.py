"""The clients of object stores, set up from the environment variables that their users know."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, Final

from pipeline.native.address import Address

#: Seconds within which the client of Google's store tries again by itself.
_OWN_RETRIES: Final = timedelta(seconds=2)
_S3_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_S3_REGIONS: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
_GS_ENDPOINT: Final = "STORAGE_EMULATOR_HOST"

WAY_TO_CREDENTIALS: Final = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`",
}
"""What gives a client credentials, by scheme."""
WAY_TO_STORE: Final = {
    "s3": "check the network, and AWS_REGION and AWS_ENDPOINT_URL if they are set",
    "gs": "check the network, and STORAGE_EMULATOR_HOST if it is set",
}
"""What decides where a client looks for the store, by scheme."""


def client_of(address: Address) -> Any:
    """Return the `pyarrow.fs` file system of an address. OSError if the bucket's region is unknown.

    The store counts the tries, so clients make as few of their own as they can.
    """
    from pyarrow import fs

    if address.scheme == "gs":
        endpoint = os.environ.get(_GS_ENDPOINT, "")
        if not endpoint:
            return fs.GcsFileSystem(retry_time_limit=_OWN_RETRIES)
        scheme, found, host = endpoint.rpartition("://")
        return fs.GcsFileSystem(
            anonymous=True,
            scheme=scheme if found else "http",
            endpoint_override=host.rstrip("/"),
            retry_time_limit=_OWN_RETRIES,
        )
    endpoint = _first_of(_S3_ENDPOINTS)
    region = _first_of(_S3_REGIONS)
    if not endpoint and not region:
        region = fs.resolve_s3_region(address.bucket)
    return fs.S3FileSystem(
        region=region or None,
        endpoint_override=endpoint or None,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=1),
        allow_delayed_open=True,  # a put is one request
    )


def _first_of(variables: tuple[str, ...]) -> str:
    return next(filter(None, map(os.environ.get, variables)), "")
