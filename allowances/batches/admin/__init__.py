"""지급 대상자 명단 in the admin, one file per step: the lists, uploading, the result."""

from allowances.batches.admin import inspection as inspection
from allowances.batches.admin import lists as lists
from allowances.batches.admin import mending as mending
from allowances.batches.admin import result as result
from allowances.batches.admin import uploading as uploading
from allowances.batches.admin.common import batch_named, stages_of
from allowances.batches.admin.difference import comparisons_shown

__all__ = ["batch_named", "comparisons_shown", "stages_of"]
