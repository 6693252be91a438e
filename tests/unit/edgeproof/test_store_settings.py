"""The settings that say where objects are kept."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from edgeproof.settings import Settings
from origin.adapters.s3.address import S3Address, S3Limits, read_address


def test_without_a_store_url_objects_stay_on_this_host() -> None:
    assert Settings().s3_address is None


@pytest.mark.parametrize(
    ("url", "bucket", "prefix"),
    [
        ("s3://photos", "photos", ""),
        ("s3://photos/", "photos", ""),
        ("s3://photos.example.org/shop", "photos.example.org", "shop/"),
        ("s3://photos/shop/previews_1/", "photos", "shop/previews_1/"),
    ],
)
def test_a_store_is_a_bucket_and_what_stands_before_its_names(
    url: str, bucket: str, prefix: str
) -> None:
    settings = Settings(store_url=url, s3_endpoint="https://s3.example.org", s3_region="eu-1")
    wanted = S3Address(bucket, prefix, "https://s3.example.org", "eu-1")
    assert settings.s3_address == wanted
    assert str(wanted) == f"s3://{bucket}/{prefix} at https://s3.example.org"


@pytest.mark.parametrize(
    "url",
    [
        "photos",
        "s3:photos",
        "s3://",
        "s3://ab",
        "s3://Photos",
        "s3://photos//x",
        "s3://photos/a b",
        "s3://photos?x",
        "https://photos.s3.example.org",
        "s3://key:secret@photos",
    ],
)
def test_a_store_that_cannot_be_read_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ValueError, match=r"s3://bucket or s3://bucket/prefix"):
        read_address(url)
    with pytest.raises(ValidationError, match=r"s3://bucket or s3://bucket/prefix"):
        Settings(store_url=url)


@pytest.mark.parametrize(
    "endpoint", ["https://s3.example.org/photos", "https://key:secret@s3.example.org"]
)
def test_an_endpoint_has_no_path_and_no_key_for_receipts_name_it(endpoint: str) -> None:
    with pytest.raises(ValidationError, match="no path, no password"):
        Settings(store_url="s3://photos", s3_endpoint=endpoint)


def test_the_defaults_of_the_limits_are_said_once() -> None:
    assert Settings().s3_limits == S3Limits()


def test_one_object_is_given_up_before_an_answer_is() -> None:
    settings = Settings()
    assert settings.s3_operation_s < settings.response_deadline_s
    assert settings.s3_connect_timeout_s < settings.s3_operation_s
    assert settings.s3_read_timeout_s < settings.s3_operation_s
