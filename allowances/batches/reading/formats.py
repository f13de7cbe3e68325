"""What kind of file the first bytes show, whatever it is called."""

from __future__ import annotations

import codecs
from typing import Final, Literal

Kind = Literal["text", "html", "xlsx", "xls"]

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC: Final = (
    (b"%PDF", "PDF"),
    (b"HWP Document File", "HWP"),
    (b"\x1f\x8b", "GZIP"),
    (b"7z\xbc\xaf\x27\x1c", "7Z"),
    (b"Rar!", "RAR"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"MZ\x90", "EXE"),
    (b"MIME-Version:", "MHTML"),
)
_MARKUP: Final = (
    b"<!doctype",
    b"<html",
    b"<head",
    b"<meta",
    b"<table",
    b"<body",
    b"<script",
    b"<style",
    b"<div",
    b"<!--",
)
_PASSWORD: Final = "EncryptedPackage".encode("utf-16-le")
_BIFF: Final = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book"))
_HWP: Final = "HwpSummaryInformation".encode("utf-16-le")
_OPEN_DOCUMENT: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_BOMS: Final = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def kind_of(head: bytes) -> str:
    """A Kind, or the name of a format that is not read: PDF, HWP, ZIP, ODS, 암호 …"""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(head)
    if head.startswith(_OLE):
        return _kind_of_compound(head)
    return _kind_of_text(head)


def is_encrypted(head: bytes) -> bool:
    """A workbook of today with a password is an old container around the sealed package."""
    return head.startswith(_OLE) and _PASSWORD in head


def _kind_of_zip(head: bytes) -> str:
    if b"hwp+zip" in head or b"Contents/section0" in head:
        return "HWPX"
    if _OPEN_DOCUMENT in head:
        return "ODS"
    if b"xl/workbook.bin" in head:
        return "XLSB"
    if b"word/" in head or b"ppt/" in head:
        return "DOCX/PPTX"
    return "xlsx" if b"xl/" in head or b"[Content_Types].xml" in head or b"_rels/" in head else "ZIP"


def _kind_of_compound(head: bytes) -> str:
    """Where the directory lies beyond the head the old workbook is the likeliest, and its reader finds out."""
    return (
        "HWP" if b"HWP Document File" in head or (_HWP in head and not any(name in head for name in _BIFF)) else "xls"
    )


def _kind_of_text(head: bytes) -> str:
    text = head.removeprefix(codecs.BOM_UTF8)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            text = head[len(bom) :].decode(encoding, errors="ignore").encode()
    start = text.lstrip()[:2000].lower()
    if start.startswith(b"<?xml"):
        if b'progid="excel.sheet"' in start or b"office:spreadsheet" in start:
            return "XML 스프레드시트"
        return "html" if b"<html" in start or b"<table" in start else "XML"
    return "html" if start.startswith(_MARKUP) else "text"
