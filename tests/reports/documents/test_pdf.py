import gc
import multiprocessing
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event

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


def test_many_papers_come_in_their_order_and_as_they_are_made(tmp_path):
    taken = []

    def endless():
        number = 0
        while True:
            taken.append(number)
            yield page(f"<p>문서번호 {number}</p>")
            number += 1

    made = pdf.attempt_many(endless(), processes=2)
    for number in range(10):
        assert f"문서번호 {number}\n" in papers.text(next(made), tmp_path)
    assert len(taken) < 30
    made.close()
    gc.collect()
    assert multiprocessing.active_children() == []


def test_a_paper_that_fails_among_many_keeps_none_of_the_others(tmp_path):
    papers_asked = [page("<p>하나</p>"), page('<img src="missing.png">'), page("<p>셋</p>")]
    first, second, third = pdf.attempt_many(papers_asked, archive=True, processes=1)
    assert "하나" in papers.text(first, tmp_path)
    assert isinstance(second, pdf.PaperFailed)
    assert "셋" in papers.text(third, tmp_path)


_PRINTS_FOR_EVER = """
import itertools, multiprocessing, sys
from reports.documents import pdf
if __name__ == "__main__":
    for made in pdf.attempt_many(itertools.repeat("<html lang=ko><title>문서</title><p>문서</p>"), processes=1):
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
"""


def test_the_processes_of_a_killed_worker_end_with_it(tmp_path):
    script = tmp_path / "prints.py"
    script.write_text(_PRINTS_FOR_EVER)
    env = {**os.environ, "PYTHONPATH": str(BASE_DIR)}
    with subprocess.Popen([sys.executable, script], cwd=BASE_DIR, env=env, stdout=subprocess.PIPE) as worker:
        child = int(worker.stdout.readline())
        worker.send_signal(signal.SIGKILL)
    pause = Event()
    for _ in range(500):
        with suppress(FileNotFoundError):
            if Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                pause.wait(0.02)
                continue
        break
    else:
        pytest.fail("it goes on without its worker")


def test_a_server_starts_without_weasyprint():
    starts = "import django; django.setup(); import config.urls, sys; sys.exit('weasyprint' in sys.modules)"
    subprocess.run([sys.executable, "-c", starts], cwd=BASE_DIR, check=True)


def test_no_papers_need_no_process():
    assert list(pdf.attempt_many([])) == []
