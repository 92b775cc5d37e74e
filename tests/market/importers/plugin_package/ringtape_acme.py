"""The bars of ACME: a line like `ACME bars;MSFT`, rows, and a last line `END;390`.

A row has the time of the bar's end in Chicago, four prices adjusted for splits, and the volume.
"""

from itertools import islice

import pyarrow as pa

from pipeline.errors import DataError
from pipeline.market.importers.registry import CERTAIN, Conventions

FIELDS = ("ts", "open", "high", "low", "close", "volume")


class Acme:
    name = "acme"
    conventions = Conventions(
        clock="America/Chicago", stamped="close", adjusted="splits", empty_bars=False
    )
    uses = ()  # of the options that only an importer can apply: none

    def sniff(self, path, head):
        return CERTAIN if head.startswith(b"ACME bars;") else 0

    def read(self, path, options):
        rows, last = 0, ""
        with path.open(encoding="ascii") as file:
            symbol = file.readline().strip().partition(";")[2]
            while lines := list(islice(file, options.batch_rows)):
                if lines[-1].startswith("END;"):
                    last = lines.pop().strip()
                if lines:
                    yield self._batch(path, symbol, lines)
                rows += len(lines)
        if last != f"END;{rows}":
            raise DataError(f"{path} must end with END;{rows}, was {last!r}; get the file again")

    def _batch(self, path, symbol, lines):
        try:
            columns = zip(*(line.strip().split(";") for line in lines), strict=True)
            cells = {name: pa.array(column) for name, column in zip(FIELDS, columns, strict=True)}
            batch = {
                name: column.cast(pa.float64()) for name, column in cells.items() if name != "ts"
            }
            batch["ts"] = cells["ts"].cast(pa.timestamp("s"))
        except ValueError as error:  # so are the errors of Arrow
            raise DataError(f"{path} is damaged: {error}; get the file again") from error
        return pa.RecordBatch.from_pydict({**batch, "symbol": pa.array([symbol] * len(lines))})


IMPORTER = Acme()
