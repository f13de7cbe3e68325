"""Taking an upload without trusting its size, and without leaving personal data in a temporary file."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

_IN_MEMORY = 2 * 1024 * 1024


class BoundedUploadHandler(FileUploadHandler):
    """Spools a file to an unnamed temporary file, which vanishes with the process that holds it.

    Past ``settings.UPLOAD_LIMIT_BYTES`` the content is dropped and only counted: the form sees the true size and
    refuses the file at its field, whatever the sender went on to send.
    """

    file: SpooledTemporaryFile[bytes]

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin with the next file of the form."""
        super().new_file(*args, **kwargs)
        self.file = SpooledTemporaryFile(max_size=_IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115  (the request closes it)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a piece, or let go of all of them once there are too many."""
        if start + len(raw_data) <= settings.UPLOAD_LIMIT_BYTES:
            self.file.write(raw_data)
        else:
            self.file.seek(0)
            self.file.truncate()

    def file_complete(self, file_size: int) -> UploadedFile:
        """The file as the form gets it, with the size that was sent."""
        self.file.seek(0)
        return UploadedFile(
            file=self.file, name=self.file_name, content_type=self.content_type, size=file_size, charset=self.charset,
            content_type_extra=self.content_type_extra,
        )  # fmt: skip

    def upload_interrupted(self) -> None:
        """The sender went away: keep nothing."""
        if hasattr(self, "file"):
            self.file.close()
