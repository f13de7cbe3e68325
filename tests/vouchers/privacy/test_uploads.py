"""Uploads as Django's request parser hands them over."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.test import RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from vouchers.privacy.uploads import BoundedUploadHandler


def post(content: bytes):
    body = encode_multipart(BOUNDARY, {"file": ContentFile(content, name="명단.csv"), "cycle": "1"})
    return RequestFactory().generic("POST", "/", body, content_type=MULTIPART_CONTENT)


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_a_file_within_the_limit_arrives_whole(settings, size: int) -> None:
    settings.UPLOAD_LIMIT_BYTES = 3_000_000
    request = post(b"x" * size)
    file = request.FILES["file"]
    assert isinstance(request.upload_handlers[0], BoundedUploadHandler)
    assert (file.size, b"".join(file.chunks()), file.name) == (size, b"x" * size, "명단.csv")
    request.close()


def test_a_larger_file_is_counted_but_not_kept(settings) -> None:
    settings.UPLOAD_LIMIT_BYTES = 1_000_000
    request = post(b"x" * 3_000_000)
    file = request.FILES["file"]
    assert file.size == 3_000_000
    assert len(b"".join(file.chunks())) == 0
    assert request.POST["cycle"] == "1"
    request.close()
