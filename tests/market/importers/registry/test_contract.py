"""The tests for authors of importers: a right importer passes them, a wrong one fails."""

import gzip
import itertools
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.errors import DataError
from pipeline.market.importers.registry import Conventions
from pipeline.market.importers.registry.contract import ImporterContract
from tests.docs.pages import ROOT, blocks
from tests.market.importers.registry.declared import ACME, BARS, Plain, acme

ROWS = "".join(f"2024-03-04 {h:02}:{m:02};1;1;1;1;5\n" for h in range(24) for m in range(60))


class TestAcme(ImporterContract):
    """The importer of the page keeps the contract."""

    importer = acme().IMPORTER

    @pytest.fixture(autouse=True)
    def _samples(self, tmp_path: Path) -> None:
        (tmp_path / "sample.bars").write_text(BARS)
        (tmp_path / "packed.bars.gz").write_bytes(gzip.compress(BARS.encode()))
        self.files = (tmp_path / "sample.bars",)

    def make_large(self, folder: Path, rows: int) -> Path:
        path = folder / "large.bars"
        with path.open("w") as file:
            file.write("ACME bars;MSFT\n")
            lines = itertools.cycle(ROWS.splitlines(keepends=True))
            file.writelines(itertools.islice(lines, rows))
            file.write(f"END;{rows}\n")
        return path


def wrong(**others) -> type[ImporterContract]:
    """The contract of an importer like ACME's, of which some parts are otherwise."""
    module = acme()
    parts = {name: staticmethod(part) if callable(part) else part for name, part in others.items()}
    changed = type("Wrong", (module.Acme,), parts)()

    class Contract(TestAcme):
        importer = changed

    return Contract


def from_disk(path, head):
    return 100 if path.exists() and b"ACME" in head else 0


def with_counter():
    count = itertools.count(1)
    return lambda path, head: min(next(count), 100) if b"ACME" in head else 0


def only_whole(path, head):
    return 100 if head.index(b"ACME bars") == 0 else 0


LEFT_OPEN = []


def leaves_open(path, head):
    if path.exists():
        LEFT_OPEN.append(path.open("rb"))
    return 100


def whole(path, options):
    """All rows in one batch, whatever is asked for."""
    lines = path.read_text().splitlines()[1:-1]
    yield acme().IMPORTER._batch(path, "MSFT", lines)


def everything_first(path, options):
    batches = list(acme().Acme().read(path, options))
    return iter(batches)


def forgets(path, options):
    yield from list(acme().Acme().read(path, options))[: 2 if options.batch_rows == 1 else None]


def without_end(path, options):
    try:
        yield from acme().Acme().read(path, options)
    except DataError:
        return


def unnamed(path, options):
    try:
        yield from acme().Acme().read(path, options)
    except DataError:
        raise DataError("the file is cut") from None


def otherwise(path, options):
    for batch in acme().Acme().read(path, options):
        yield batch.set_column(
            batch.schema.get_field_index("open"), "open", pa.array([0.0] * batch.num_rows)
        )


@pytest.mark.parametrize(
    ("rule", "parts", "words"),
    [
        ("it_is_an_importer", {"name": "ACME"}, "its name must be 1 to 40 small letters"),
        (
            "it_is_an_importer",
            {"conventions": Conventions("instants", "open", "?", None)},
            "its conventions are wrong: adjusted must be one of",
        ),
        ("it_knows_its_own_files", {"sniff": lambda path, head: 0}, "a score from 1 to 100, was 0"),
        (
            "it_claims_no_files_of_others",
            {"sniff": lambda path, head: 80},
            r"sniff must give prices\.csv of others the score 0, was 80",
        ),
        (
            "it_claims_no_files_of_others",
            {"sniff": lambda path, head: 80 if path.suffix == ".bars" else 0},
            r"sniff must give empty\.bars of others the score 0, was 80",
        ),
        (
            "it_looks_at_nothing_but_name_and_head",
            {"sniff": from_disk},
            "without the file, was 100",
        ),
        ("it_looks_at_nothing_but_name_and_head", {"sniff": with_counter()}, "the same score each"),
        ("it_looks_at_nothing_but_name_and_head", {"sniff": leaves_open}, "must close sample"),
        ("it_reads_batches_of_the_contract", {"read": lambda path, options: iter([1])}, "a int"),
        ("rows_are_the_same_in_batches_of_any_size", {"read": whole}, "at most 1 rows, had 3"),
        (
            "rows_are_the_same_in_batches_of_any_size",
            {"read": forgets},
            "same rows in batches of 1",
        ),
        ("it_reads_lazily_and_closes_the_file", {"read": lambda path, options: []}, "was list"),
        ("a_damaged_file_is_told", {"read": without_end}, r"must raise DataError for sample\.bars"),
        ("a_damaged_file_is_told", {"read": unnamed}, r"the error must name sample\.bars in one"),
        ("its_rows_can_be_imported", {"read": otherwise}, "open must be above zero"),
        ("memory_is_bounded", {"read": everything_first}, "as much memory for 80,000 rows"),
    ],
)
def test_a_wrong_importer_fails(tmp_path, rule, parts, words):
    contract = wrong(**parts)()
    (tmp_path / "sample.bars").write_text(BARS)
    contract.files = (tmp_path / "sample.bars",)
    with pytest.raises((AssertionError, DataError), match=words):
        getattr(contract, f"test_{rule}")()
    while LEFT_OPEN:
        LEFT_OPEN.pop().close()


def test_a_sniff_that_fails_on_a_short_head_fails(tmp_path):
    contract = wrong(sniff=only_whole)()
    (tmp_path / "sample.bars").write_text(BARS)
    contract.files = (tmp_path / "sample.bars",)
    with pytest.raises(
        AssertionError, match=r"a score to sample\.bars with 0 first bytes, raised Value"
    ):
        contract.test_it_knows_short_heads()


def test_the_contract_needs_a_sample():
    class Contract(ImporterContract):
        importer = Plain()

    with pytest.raises(AssertionError, match="files must name at least one sample"):
        Contract().check()


def test_all_rules_are_checked_without_pytest(tmp_path):
    (tmp_path / "sample.bars").write_text(BARS)

    class Contract(ImporterContract):
        importer = acme().IMPORTER
        files = (tmp_path / "sample.bars",)

    Contract().check()


def test_the_page_shows_the_package_of_these_tests():
    page = (ROOT / "pipeline/market/importers/README.md").read_text()
    shown = {block.file: block.text for block in blocks(page) if block.file}
    assert shown["february.bars"] == BARS
    for path in ACME.parent.iterdir():
        if path.is_file():
            assert shown[path.name] == path.read_text()
