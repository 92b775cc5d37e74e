"""The identity of data: the same for the same, another for anything that differs."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipeline.market.given.identity import identity_of
from pipeline.market.importers.importing import sources_to_import
from pipeline.market.importers.options import Options
from tests.market.given.forms import FORMS, bars


def identity(data: Any, **options: Any) -> str:
    with sources_to_import(data) as found:
        return identity_of(found.sources, Options(**options))


@pytest.mark.parametrize("form", FORMS)
def test_equal_data_have_one_identity_and_any_cell_or_option_makes_another(
    form: str, tmp_path: Path
):
    make = FORMS[form]
    first = identity(make(bars(), tmp_path))
    assert first == identity(make(bars(), tmp_path))
    changed = bars()
    changed.iloc[17, 2] = np.nextafter(changed.iloc[17, 2], 0)
    assert first != identity(make(changed, tmp_path))
    assert first != identity(make(bars(), tmp_path), tz="UTC")


def test_a_part_of_a_table_counts_without_what_lies_around_it():
    table = pa.Table.from_pandas(bars(90))
    assert identity(table.slice(10, 60)) == identity(pa.Table.from_pandas(bars(90).iloc[10:70]))


def test_symbols_of_a_dict_count():
    assert identity({"A": bars()}) != identity({"B": bars()})
