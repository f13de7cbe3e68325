import subprocess
import sys

import pytest

from config.environment import BASE_DIR
from reports.documents import pdf
from tests.reports.documents import papers


def page(body: str) -> str:
    return f'<!DOCTYPE html><html lang="ko"><head><meta charset="utf-8"><title>문서</title></head><body>{body}</body></html>'


def test_the_korean_font_is_embedded_as_a_subset(tmp_path):
    made = pdf.render(page("<p>지역사랑상품권 <b>1,200,000원</b></p>"))
    assert papers.text(made, tmp_path).split() == ["지역사랑상품권", "1,200,000원", "-", "1", "/", "1", "-"]
    for font in papers.fonts(made, tmp_path):
        name, *_, embedded, subset, unicode_map, _, _ = font.split()
        assert "+NanumGothic" in name
        assert (embedded, subset, unicode_map) == ("yes", "yes", "yes")
    assert len(made) < 100_000


def test_the_same_paper_gives_the_same_bytes():
    assert pdf.render(page("<p>같은 문서</p>")) == pdf.render(page("<p>같은 문서</p>"))


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/logo.png",
        "http://127.0.0.1:1/logo.png",
        "ftp://example.com/logo.png",
        "//example.com/logo.png",
        "file:///etc/passwd",
        "file://example.com/etc/passwd",
        "../../../manage.py",
        "../documents/../../../manage.py",
        "%2e%2e/%2e%2e/%2e%2e/manage.py",
        "data:image/svg+xml,<svg/>",
        "missing.png",
    ],
)
@pytest.mark.parametrize("element", ['<img src="{}">', '<link rel="stylesheet" href="{}">'])
def test_nothing_but_our_own_files_is_opened(element, address):
    with pytest.raises(pdf.PaperFailed):
        pdf.render(page(element.format(address)))


def test_our_own_files_are_opened(tmp_path):
    made = pdf.render(page('<link rel="stylesheet" href="document.css"><p>문서</p>'))
    assert "문서" in papers.text(made, tmp_path)


def test_a_server_starts_without_weasyprint():
    starts = "import django; django.setup(); import config.urls, sys; sys.exit('weasyprint' in sys.modules)"
    subprocess.run([sys.executable, "-c", starts], cwd=BASE_DIR, check=True)
