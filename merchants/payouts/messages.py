"""ISO 20022: the order for the bank (pain.001.001.09), and its answers (pain.002, camt.053), whatever their version.

Korea has no IBAN: an account is ``Othr/Id`` in digits, a bank its three-digit code under the clearing system KRBOK.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from defusedxml import ElementTree as Defused
from defusedxml.common import DefusedXmlException
from django.utils.translation import gettext_lazy as _

from merchants.payouts.errors import ResultEmpty, ResultUnreadable
from merchants.payouts.rules import (
    COPY,
    DUPLICATE,
    NOTED,
    PAID,
    REJECTED,
    RETURNED,
    UNTOLD,
    Answer,
    Line,
    Statement,
    digits_of_account,
)
from vouchers.common.seoul import SEOUL

PAIN001: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_MOST_ANSWERS: Final = 200_000
_OURS: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Debtor:
    """Who pays, and out of which account."""

    name: str
    bank: str
    account: str


def write_pain001(
    lines: Sequence[Line], *, message: str, debtor: Debtor, pay_on: date, at: datetime, label: str = "",
    copy: bool = False,
) -> bytes:  # fmt: skip
    """The order to pay these lines. The same arguments give the same bytes; ``message`` is unique for ever, and ``label``
    says to people what the file holds.
    """
    document = ElementTree.Element("Document", xmlns=PAIN001)
    order = _add(document, "CstmrCdtTrfInitn")
    total = str(sum(line.amount for line in lines))
    header = _add(order, "GrpHdr")
    _add(header, "MsgId", message)
    _add(header, "CreDtTm", at.astimezone(SEOUL).isoformat(timespec="seconds"))
    _add(header, "NbOfTxs", str(len(lines)))
    _add(header, "CtrlSum", total)
    _add(_add(header, "InitgPty"), "Nm", debtor.name)
    payment = _add(order, "PmtInf")
    _add(payment, "PmtInfId", message)
    _add(payment, "PmtMtd", "TRF")
    _add(payment, "BtchBookg", "true")
    _add(payment, "NbOfTxs", str(len(lines)))
    _add(payment, "CtrlSum", total)
    _add(_add(payment, "ReqdExctnDt"), "Dt", pay_on.isoformat())
    _add(_add(payment, "Dbtr"), "Nm", debtor.name)
    _account(_add(payment, "DbtrAcct"), debtor.account)
    _bank(_add(payment, "DbtrAgt"), debtor.bank)
    for said in filter(None, (COPY if copy else "", label)):
        document.insert(0, ElementTree.Comment(f" {said} "))
    text = ElementTree.tostring(document, encoding="unicode")
    # A tree of 43,000 payments would be a million elements: they are written as text, in the place of their parent's end.
    head, end, tail = text.partition("</PmtInf>")
    return "".join((_DECLARATION, head, *map(_payment, lines), end, tail)).encode()


def _payment(line: Line) -> str:
    return (
        f"<CdtTrfTxInf><PmtId><EndToEndId>{escape(line.payout)}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="KRW">{line.amount}</InstdAmt></Amt>'
        "<CdtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>KRBOK</Cd></ClrSysId>"
        f"<MmbId>{escape(line.bank)}</MmbId></ClrSysMmbId></FinInstnId></CdtrAgt>"
        f"<Cdtr><Nm>{escape(line.holder)}</Nm></Cdtr>"
        f"<CdtrAcct><Id><Othr><Id>{escape(digits_of_account(line.account))}</Id></Othr></Id></CdtrAcct>"
        f"<RmtInf><Ustrd>{escape(line.shown)}</Ustrd></RmtInf></CdtTrfTxInf>"
    )


def _add(parent: ElementTree.Element, tag: str, text: str | None = None) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, tag)
    made.text = text
    return made


def _account(parent: ElementTree.Element, number: str) -> None:
    _add(_add(_add(parent, "Id"), "Othr"), "Id", digits_of_account(number))
    _add(parent, "Ccy", "KRW")


def _bank(parent: ElementTree.Element, code: str) -> None:
    member = _add(_add(parent, "FinInstnId"), "ClrSysMmbId")
    _add(_add(member, "ClrSysId"), "Cd", "KRBOK")
    _add(member, "MmbId", code)


# Answers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Report:
    """A file of the bank. ``rejected``: the MsgId of an order that was refused as a whole, and why."""

    kind: str
    answers: tuple[Answer, ...]
    statements: tuple[Statement, ...] = ()
    rejected: tuple[str, str] | None = None


def looks_like_xml(content: bytes) -> bool:
    """Whether it is to be read as a message rather than as a sheet."""
    return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml") or b"iso:20022" in content[:2_000]


def read_report(content: bytes) -> Report:
    """What a pain.002 or a camt.053 says. Raises ResultUnreadable and ResultEmpty."""
    try:
        document = Defused.fromstring(content, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        raise ResultUnreadable(reason=_("XML이 깨졌거나 허용하지 않는 내용이 들어 있습니다.")) from error
    for tag, read in (("CstmrPmtStsRpt", _status_report), ("BkToCstmrStmt", _statements)):
        body = _child(document, tag)
        if body is not None:
            report = read(body)
            if len(report.answers) > _MOST_ANSWERS:
                raise ResultUnreadable(reason=_("줄이 너무 많습니다. 기간을 나누어 올리십시오."))
            return report
    raise ResultUnreadable(reason=_("pain.002 또는 camt.053이 아닙니다."))


def _status_report(body: ElementTree.Element) -> Report:
    group = _child(body, "OrgnlGrpInfAndSts")
    rejected = None
    if group is not None and _text(group, "GrpSts") == "RJCT":
        rejected = (_text(group, "OrgnlMsgId"), _reason(group, "StsRsnInf"))
    answers = []
    for one in _all(body, "OrgnlPmtInfAndSts", "TxInfAndSts"):
        status, reason = _text(one, "TxSts"), _reason(one, "StsRsnInf")
        amount = _won(_text(one, "OrgnlTxRef", "Amt", "InstdAmt"))
        answers.append(Answer(_text(one, "OrgnlEndToEndId"), *_outcome(status, reason), amount))
    if not answers and rejected is None:
        raise ResultEmpty
    return Report("pain.002", tuple(answers), rejected=rejected)


def _outcome(status: str, reason: str) -> tuple[str, str]:
    """ACSC and ACCC say that the money has gone; what is only accepted may still be refused."""
    if status == "RJCT":
        return (NOTED, reason) if reason in DUPLICATE else (REJECTED, reason)
    return (PAID if status in {"ACSC", "ACCC"} else NOTED), status


def _statements(body: ElementTree.Element) -> Report:
    answers: list[Answer] = []
    statements = []
    for one in _all(body, "Stmt"):
        total = 0
        for entry in _all(one, "Ntry"):
            amount, sign = _won(_text(entry, "Amt")), _sign(entry)
            if amount is None:
                raise ResultUnreadable(reason=_("금액을 읽을 수 없습니다."))
            if (_text(entry, "Sts", "Cd") or _text(entry, "Sts") or "BOOK") == "BOOK":
                total += sign * amount
                answers += _of_entry(entry, sign, amount)
        statements.append(_frame(one, total))
    if not statements:
        raise ResultEmpty
    return Report("camt.053", tuple(answers), tuple(statements))


def _of_entry(entry: ElementTree.Element, sign: int, amount: int) -> Iterator[Answer]:
    """What an entry says of each payment in it. A bulk entry that names no payments speaks of none."""
    details = list(_all(entry, "NtryDtls", "TxDtls"))
    for one in details:
        said = _text(one, "Refs", "EndToEndId")
        if not said or said == "NOTPROVIDED":
            continue
        own = _won(_text(one, "Amt"))
        own = own if own is not None or len(details) > 1 else amount
        if sign < 0:
            yield Answer(said, PAID, "", own)
        elif _child(one, "RtrInf") is not None or _OURS.fullmatch(said):
            yield Answer(said, RETURNED, _reason(one, "RtrInf"), own)


def _frame(statement: ElementTree.Element, entries: int) -> Statement:
    balances = {}
    for balance in _all(statement, "Bal"):
        amount = _won(_text(balance, "Amt"))
        if amount is not None:
            balances[_text(balance, "Tp", "CdOrPrtry", "Cd")] = _sign(balance) * amount
    sequence = _text(statement, "ElctrncSeqNb") or _text(statement, "LglSeqNb")
    account = _text(statement, "Acct", "Id", "Othr", "Id") or _text(statement, "Acct", "Id", "IBAN")
    return Statement(
        account=account[:34], sequence=int(sequence) if sequence.isdecimal() and len(sequence) < 18 else None,
        first_day=_day(_text(statement, "FrToDt", "FrDtTm")), last_day=_day(_text(statement, "FrToDt", "ToDtTm")),
        opening=balances.get("OPBD", balances.get("PRCD")), closing=balances.get("CLBD"), entries=entries,
    )  # fmt: skip


def _reason(element: ElementTree.Element, tag: str) -> str:
    for one in _all(element, tag, "Rsn"):
        said = _text(one, "Cd") or _text(one, "Prtry")
        if said:
            return said[:35]
    return UNTOLD


def _sign(element: ElementTree.Element) -> int:
    return -1 if _text(element, "CdtDbtInd") == "DBIT" else 1


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _all(element: ElementTree.Element, *path: str) -> Iterator[ElementTree.Element]:
    """The elements at a path, whatever version of the message names them."""
    for child in element:
        if _name(child) == path[0]:
            if len(path) == 1:
                yield child
            else:
                yield from _all(child, *path[1:])


def _child(element: ElementTree.Element, tag: str) -> ElementTree.Element | None:
    return next(_all(element, tag), None)


def _text(element: ElementTree.Element, *path: str) -> str:
    found = next(_all(element, *path), None)
    return (found.text or "").strip() if found is not None else ""


def _won(text: str) -> int | None:
    """Won; None for none. Raises ResultUnreadable for a part of a won, which does not exist."""
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise ResultUnreadable(reason=_("금액을 읽을 수 없습니다.")) from error
    if not value.is_finite() or value != int(value) or abs(value) >= 10**15:
        raise ResultUnreadable(reason=_("금액을 읽을 수 없습니다."))
    return int(value)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
