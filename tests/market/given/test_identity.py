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
from tests.market.importers.registry.declared import declare


def identity(data: Any, **options: Any) -> str:
    with sources_to_import(data) as found:
        return identity_of(found.sources, Options(**options), found.plugins)


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


def test_another_version_of_an_importer_makes_another_identity(tmp_path, monkeypatch):
    file, text = tmp_path / "a.bars", tmp_path / "c.csv"
    for path in (file, text):
        path.write_text("anything")
    before = identity(file), identity(text)
    declare(tmp_path, monkeypatch, "some", {"one.bars": "m:A"}, {})
    with_one = identity(file)
    assert with_one != before[0]
    assert identity(text) == before[1]
    assert identity(text, layout="one") != before[1]
    (info,) = tmp_path.glob("some/*.dist-info")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some\nVersion: 0.2\n")
    assert identity(file) != with_one
