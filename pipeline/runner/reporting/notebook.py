"""What a notebook shows of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.results.report.html.cell import cell_of, frame_of
from pipeline.runner.reporting.report import fitted, gathered, without_prices

if TYPE_CHECKING:
    from pipeline.results.folder import RunFolder
    from pipeline.runner.lanes import Given


class Plot:
    """The page of a run, which a notebook shows as the value of a cell."""

    def __init__(self, folder: RunFolder, lane: int, strategy: Given | None, height: int) -> None:
        self._page, _ = fitted(*gathered(folder, lane, strategy))
        self._height = height

    def __repr__(self) -> str:
        return "<the page of a run, shown in a notebook; result.report() writes it into a file>"

    def _repr_html_(self) -> str:
        return frame_of(self._page, self._height)


def shown(folder: RunFolder) -> str:
    """Return a run as HTML for the cell of a notebook. RunError if it is not done."""
    return cell_of(without_prices(folder))
