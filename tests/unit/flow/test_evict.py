"""A shop over its quota loses what it used least lately, and nothing that is new."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from origin.adapters.derivatives import StoredDerivatives
from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects
from origin.adapters.memory import MemoryLocks
from origin.adapters.counted_masters import CountedMasters
from origin.adapters.records import Database, SqlRecords, upgrade
from origin.errors import StoreUnavailable
from origin.flow.evict import Evicted, Evictor, QuotaLimits
from origin.values import DerivativeName, MasterName
from tests.contract.samples import ASSET, ENGINE, TENANT, derivative, derivative_name, with_photo
