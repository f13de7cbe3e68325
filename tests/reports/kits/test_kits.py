"""QR kits: what the picture on paper says when it is scanned, and the kits of a 읍면동 as one job."""

from __future__ import annotations

import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import zxingcpp
from django.conf import settings
from django.urls import reverse
from PIL import Image

from merchants.qr_kit.models import MerchantQR
from merchants.qr_kit.rules import decode
from merchants.qr_kit.services import issue, keys_from, reissue, retire
from merchants.registry.models import Merchant, MerchantStatus
from reports.documents.models import PaperState
from reports.kits import errors, services
from reports.kits.models import KitPart, KitPrint, KitSize
from tests import factories
from tests.factories import AT, City
from tests.reports.documents import papers
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.common.seoul import business_date
from vouchers.municipalities.models import Dong
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore

pytestmark = pytest.mark.django_db
KEYS = keys_from(settings.QR_KEYS)


@pytest.fixture
def city() -> City:
    return factories.make_city()


@pytest.fixture
def officer(city: City) -> Official:
    with city.scope():
        return factories.make_official(city, Role.MERCHANT_OFFICER)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(directory=tmp_path / "papers", ring=key_ring())


def shop(city: City, **fields) -> Merchant:
    """An active shop whose only code was issued as officials do."""
    made = factories.make_merchant(city, **fields)
    MerchantQR.objects.filter(merchant=made).update(terminal="T001", payload="")
    return made


def scanned(pdf: bytes, folder: Path) -> list[str]:
    """What a payment app finds on each page, printed at 100 dots an inch. It looks for QR codes alone: to a reader of
    everything, lines of print now and then look like a bar code."""
    (folder / "kit.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "100", "-png", folder / "kit.pdf", folder / "page"], check=True)
    pages = [Image.open(path).convert("L") for path in sorted(folder.glob("page*.png"))]
    found = [zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode) for page in pages]
    assert all(len(codes) == 1 for codes in found)
    return [codes[0].text for codes in found]


def sheet(pdf: bytes, folder: Path) -> tuple[int, int]:
    """Width and height in millimetres."""
    (folder / "kit.pdf").write_bytes(pdf)
    facts = subprocess.run(["pdfinfo", folder / "kit.pdf"], check=True, capture_output=True).stdout.decode()
    width, height = facts.split("Page size:")[1].split("pts")[0].split(" x ")
    return round(float(width) / 72 * 25.4), round(float(height) / 72 * 25.4)


@pytest.mark.parametrize(("size", "millimetres"), [(KitSize.A4, (210, 297)), (KitSize.A6, (105, 148))])
def test_a_kit_is_one_sheet_that_scans_as_the_shops_code(city, officer, tmp_path, size, millimetres):
    with city.scope():
        merchant = shop(city, name="아주아주 긴 이름을 가진 행복 한가득 분식과 김밥의 집 고양시청점", code="M000000042")
        old = MerchantQR.objects.get(merchant=merchant)
        code = reissue(code=old, keys=KEYS, at=AT)
        authority = authority_of(official_id=officer.pk, day=business_date(AT))
        pdf = services.print_kit(code=code, size=size, keys=KEYS, authority=authority)
    assert papers.page_count(pdf, tmp_path) == 1
    assert sheet(pdf, tmp_path) == millimetres
    (payload,) = scanned(pdf, tmp_path)
    said = decode(payload, keys=KEYS)
    assert (said.merchant_code, said.terminal, said.municipality) == ("M000000042", "T002", city.code)
    words = " ".join(papers.text(pdf, tmp_path).split())
    for text in (
        "고양시페이",
        "M000000042 · T002",
        "Open the app",
        "사용 중인 코드: T002",
        "발급일",
        "폐기한 코드: T001",
    ):
        assert text in words


def test_no_kit_says_that_one_can_pay_where_one_cannot(city, officer):
    with city.scope():
        authority = authority_of(official_id=officer.pk, day=business_date(AT))
        suspended = MerchantQR.objects.get(merchant=shop(city, status=MerchantStatus.SUSPENDED))
        retired = MerchantQR.objects.get(merchant=shop(city))
        retire(code=retired, at=AT)
        for code in (suspended, MerchantQR.objects.get(pk=retired.pk)):
            with pytest.raises(errors.KitNotInForce):
                services.print_kit(code=code, size=KitSize.A4, keys=KEYS, authority=authority)


def test_a_code_is_reissued_once(city):
    with city.scope():
        code = MerchantQR.objects.get(merchant=shop(city))
        new = reissue(code=code, keys=KEYS, at=AT)
        assert (new.terminal, new.retired_at) == ("T002", None)
        with pytest.raises(StateConflict):
            reissue(code=code, keys=KEYS, at=AT)
        assert list(MerchantQR.objects.filter(retired_at=None)) == [new]


def ask(city: City, officer: Official, *, everywhere: bool = False) -> KitPrint:
    authority = authority_of(official_id=officer.pk, day=business_date(AT))
    return services.ask_for_kits(
        municipality=city.code, dong=None if everywhere else city.dong, size=KitSize.A6, official=officer,
        authority=authority, at=AT,
    )  # fmt: skip


def part(city: City, job: KitPrint, store: FileStore) -> bool:
    return services.make_next(
        municipality=city.code, job_id=job.pk, keys=KEYS, store=store, at=AT + timedelta(minutes=1)
    )


def test_the_kits_of_a_dong_are_made_part_by_part_and_go_on_after_a_crash(city, officer, store, tmp_path, monkeypatch):
    monkeypatch.setattr(services, "PART_ROWS", 2)
    with city.scope():
        for number in (3, 1, 2):
            shop(city, code=f"M00000000{number}")
        issue(merchant=Merchant.objects.get(code="M000000001"), keys=KEYS)
        shop(city, code="M000000009", status=MerchantStatus.CANCELLED)
        job = ask(city, officer)
        assert (job.rows, ask(city, officer).pk) == (4, job.pk)  # asked twice, made once
    assert part(city, job, store)

    def no_disk(*_: object, **__: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as broken:
        broken.setattr(FileStore, "write", no_disk)
        with pytest.raises(OSError, match="no space"):
            part(city, job, store)
    assert part(city, job, store)
    assert not part(city, job, store)
    with city.scope():
        job.refresh_from_db()
        assert (job.state, job.rows, job.rows_done, job.percent) == (PaperState.READY, 4, 4, 100)
        keys = list(KitPart.objects.order_by("number").values_list("file_key", flat=True))
        authority = authority_of(official_id=officer.pk, day=business_date(AT))
        files = [
            services.open_file(job=job, number=number, authority=authority, store=store).read() for number in (1, 2)
        ]
        with pytest.raises(errors.KitFileNotThere):
            services.open_file(job=job, number=3, authority=authority, store=store)
    assert all(b"%PDF" not in (store.directory / key).read_bytes() for key in keys)  # sealed
    found = []
    for number, pdf in enumerate(files):
        folder = tmp_path / str(number)
        folder.mkdir()
        found += [decode(payload, keys=KEYS) for payload in scanned(pdf, folder)]
    assert [(said.merchant_code, said.terminal) for said in found] == [
        ("M000000001", "T001"), ("M000000001", "T002"), ("M000000002", "T001"), ("M000000003", "T001"),
    ]  # fmt: skip


def test_the_kits_of_all_shops_are_bound_behind_a_cover_and_lists(city, officer, store, tmp_path, monkeypatch):
    monkeypatch.setattr(services, "PART_ROWS", 2)
    with city.scope():
        other = Dong.objects.create(municipality=city.municipality, code=f"{city.code}99000", name="원신동")
        for code, dong in (("M000000005", other), ("M000000001", None), ("M000000004", city.dong)):
            shop(city, code=code, dong=dong, name=f"가게{code[-1]}")
        for code in ("M000000002", "M000000003"):
            shop(city, code=code, name=f"가게{code[-1]}")
        job = ask(city, officer, everywhere=True)
        authority = authority_of(official_id=officer.pk, day=business_date(AT))
        with pytest.raises(errors.KitFileNotThere):
            services.open_file(job=job, number=None, authority=authority, store=store)
    while part(city, job, store):
        pass

    with city.scope():
        job.refresh_from_db()
        assert list(KitPart.objects.order_by("number").values_list("dong__name", "rows")) == [
            ("주교동", 2), ("주교동", 1), ("원신동", 1), (None, 1),
        ]  # fmt: skip
        whole = services.open_file(job=job, number=None, authority=authority, store=store).read()
    assert (job.state, job.rows, job.rows_done) == (PaperState.READY, 5, 5)
    pages = [re.sub(r"\s+", " ", page) for page in papers.text(whole, tmp_path).split("\f")[:-1]]
    kinds = ["cover" if "QR 키트 인쇄" in page else "list" if "배부 목록" in page else "kit" for page in pages]
    assert kinds == ["cover", "list", "list", "kit", "kit", "kit", "list", "kit", "list", "kit"]
    assert "주교동 3 1–3 원신동 1 4–4 읍면동 없음 1 5–5 합계 5" in re.sub(r" ?– ?", "–", pages[0])
    assert re.search(r"1 M000000002 T001 가게2 .*2 M000000003 T001 가게3", pages[1])
    assert "3 M000000004 T001 가게4" in pages[2]
    shown = [re.search(r"(M\d{9}) · T001", page)[1][-1] for page in pages if "QR 결제 되는 곳" in page]
    assert "".join(shown) == "23451"
    about, _ = papers.facts(whole, tmp_path)
    assert about["Page size"].split()[0] == "297.638"  # every sheet A6


def test_a_dong_without_codes_and_an_official_without_the_role_are_refused(city, officer):
    with city.scope():
        with pytest.raises(errors.NoKitsThere):
            ask(city, officer)
        with pytest.raises(NotPermitted):
            ask(city, factories.make_official(city, Role.AUDITOR))


def test_officials_open_kits_from_the_code_and_ask_for_a_dong(city, officer, client):
    with city.scope():
        code = MerchantQR.objects.get(merchant=shop(city))
        client.force_login(officer)
    shown = client.get(reverse("admin:qr_show", args=[code.pk])).content.decode()
    kit = reverse("admin:qr_kit", args=[code.pk])
    assert f"{kit}?size=A6" in shown
    answer = client.get(kit, {"size": "A6"})
    assert (answer["Content-Type"], answer.content[:4]) == ("application/pdf", b"%PDF")
    asked = client.post(reverse("admin:kit_ask"), {"dong": city.dong.pk, "size": "A4"}, follow=True).content.decode()
    assert "키트를 만들고 있습니다" in asked
    assert "주교동 · A4" in asked
