"""The jobs of a run, as the crew that does them gets them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.stages.jobs import Analysis, Coordination, Processing
    from pipeline.stages.member import Job


@dataclass(frozen=True)
class Work:
    """The jobs of a run; each runs in a process of its own."""

    coordination: "Coordination"
    #: One per data processor.
    processing: "Sequence[Processing]"
    #: One per analysis engine.
    analysis: "Sequence[Analysis]"

    @property
    def jobs(self) -> "list[Job[Any]]":
        """All jobs, in the order of the crew's roles."""
        return [self.coordination, *self.processing, *self.analysis]
