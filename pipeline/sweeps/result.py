"""The result of a sweep."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from pipeline.results.report.figures import number
from pipeline.runner.named import Named, NamedAttributes
from pipeline.sweeps.ledger.ledger import LaneRow, Ledger
from pipeline.sweeps.ranking import set_said

if TYPE_CHECKING:
    import pandas as pd


class SweepResult(NamedAttributes):
    """The result of a sweep: its folder and its summary, which is the content of summary.json.

    As the value of a notebook's cell it shows its best sets and a heatmap. Its lanes are read from
    the ledger on demand.
    """

    def __init__(self, folder: Path, summary: dict[str, Any]) -> None:
        self.folder = folder
        self.summary: dict[str, Any] = Named("summary", summary)

    def __str__(self) -> str:
        """Return the best sets, one in a line below the sweep itself."""
        ranked = self.summary["ranked"]
        score = self.summary["scores"][0]
        lines = [
            f"{place:>3}  {score} {number(one['score'], '.4g')}: {set_said(one['parameters'])}"
            for place, one in enumerate(ranked, start=1)
        ]
        return "\n".join([repr(self), *lines, f"report: {self.summary['report']}"])

    def __repr__(self) -> str:
        best = self.best
        sets = f"{self.summary['lanes']:,} sets"
        if best is not None:
            score = f"{self.summary['scores'][0]} {number(best['score'], '.4g')}"
            sets += f", best {score}: {set_said(best['parameters'])}"
        return f"<SweepResult {self.summary['session_name']}: {sets}; {self.folder}>"

    def _repr_html_(self) -> str:
        from pipeline.sweeps.report.notebook import shown

        return shown(self.summary, self.rows)

    @property
    def rows(self) -> list[LaneRow]:
        """One LaneRow per parameter set, in the order in which the search gave them."""
        with Ledger.open(Path(self.summary["ledger"]), create=False) as ledger:
            return ledger.lanes(self.summary["sweep"])

    @property
    def best(self) -> dict[str, Any] | None:
        """The best set: ``parameters`` and ``score`` among others; None if none has a score."""
        best: dict[str, Any] | None = self.summary["best"]
        return best

    @override
    def _elsewhere(self) -> Mapping[str, Mapping[str, Any]]:
        return {"result.summary": vars(self).get("summary", {})}

    def to_pandas(self) -> "pd.DataFrame":
        """Return one row per lane, with a column for each figure and each parameter.

        That of the parameter ``fast`` is "parameters.fast".
        """
        from pipeline.sweeps.ledger.export import lanes_table

        return lanes_table(self.rows).to_pandas()
