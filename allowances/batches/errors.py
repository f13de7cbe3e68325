"""What can go wrong with a list as a whole."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import StateConflict


class FileAlreadyUploaded(StateConflict):
    """The same bytes are in the cycle already. ``batch_id`` names the first list."""

    code = "file_already_uploaded"
    message = _("같은 파일을 이 회차에 이미 올렸습니다(%(file_name)s). 먼저 올린 명단을 확인하십시오.")


class ContentAlreadyUploaded(StateConflict):
    """Another file with the same recipients and amounts is in the cycle already. ``batch_id`` names that list."""

    code = "content_already_uploaded"
    message = _("내용이 같은 명단을 이 회차에 이미 올렸습니다(%(file_name)s). 먼저 올린 명단을 확인하십시오.")


class ProgrammeClosed(StateConflict):
    """The programme takes no more lists."""

    code = "programme_closed"
    message = _("종료된 사업에는 명단을 올릴 수 없습니다.")


class BatchIsFrozen(StateConflict):
    """Rows, sums and signatures of a submitted list do not change."""

    code = "batch_is_frozen"
    message = _("상신한 명단은 바꿀 수 없습니다. 회수하거나 반려된 뒤에 다시 올리십시오.")


class RedraftExists(StateConflict):
    """The list has been replaced by a corrected one already: ``file_name``."""

    code = "redraft_exists"
    message = _("이 명단은 이미 고친 명단으로 재기안되었습니다. 새 명단을 확인하십시오.")


class NotToBeRedrafted(StateConflict):
    """Only a list of the same cycle that was sent back or taken back is replaced by a corrected one."""

    code = "not_to_be_redrafted"
    message = _("반려되거나 회수한 같은 회차의 명단만 고친 파일로 재기안할 수 있습니다.")


register(
    batch_redraft_once=RedraftExists,
    batch_file_once_a_cycle=FileAlreadyUploaded,
    batch_content_once_a_cycle=ContentAlreadyUploaded,
    batch_is_frozen=BatchIsFrozen,
    state_conflict=StateConflict,
)
