"""Settlement statements as PDF: pages a second on two processes, and one of them warm."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice

from django.utils import timezone

from config.bench.close import measure as close_the_day
from config.bench.measure import Result, seconds
from config.bench.server import Server
from config.bench.world import Scale, World
from merchants.settlement.models import DayClose
from reports.documents import statement as paper
from reports.documents.selectors import settled_lines, statement_of
from vouchers.common.scope import scope

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_PAGE = re.compile(rb"/Type\s*/Page\b")


def measure(server: Server, world: World, scale: Scale) -> Sequence[Result]:
    """The first shops of the closed day, read from the ledger and printed."""
    now = timezone.now()
    with scope(municipalities=[world.code]):
        closed = DayClose.objects.first()
    if closed is None:
        close_the_day(server, world, scale)
    with scope(municipalities=[world.code]):
        day = DayClose.objects.values_list("business_date", flat=True)[0]
        lines = settled_lines(business_date=day)
        first = lines[0]
        paper.render(statement_of(line=first, at=now))
        warm = min(seconds(lambda: paper.render(statement_of(line=first, at=now))) for _ in range(3))
        statements = (statement_of(line=line, at=now) for line in islice(lines.iterator(), scale.statements))
        began = time.perf_counter()
        pages = sum(_pages(pdf) for pdf in paper.render_many(statements, processes=2))
        took = time.perf_counter() - began
    return [
        Result(name="settlement statements", value=pages / took, unit="pages/s", reach=12, at_least=True),
        Result(name="one settlement statement, warm", value=warm, unit="s", reach=0.5, at_least=False),
    ]


def _pages(pdf: bytes) -> int:
    """The pages of a PDF, whose objects may stand in compressed streams."""
    texts = [pdf]
    for stream in _STREAM.findall(pdf):
        with suppress(zlib.error):
            texts.append(zlib.decompressobj().decompress(stream))
    return sum(len(_PAGE.findall(text)) for text in texts)
