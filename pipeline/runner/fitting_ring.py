"""A ring of as many slots as shared memory has room for, and what is said of it.

Other runs may take the memory between the look at what there is and the creation of the ring, so
only the creation tells. A control group does not refuse memory: it kills a process that takes more
than it has. So the ring leaves room for the members of the run.
"""

from pipeline.config.session import SessionConfig
from pipeline.errors import RunError
from pipeline.results.report.figures import many
from shm.errors import NoSpace
from shm.ring import Ring
from shm.space import available_memory

#: What a member of a run takes of the memory for itself: 28 to 50 MiB were measured.
MEMBER_BYTES = 48 * 2**20


def fewest_slots(settings: SessionConfig) -> int:
    """Return how many slots a run's ring has at least.

    A ring that the user has sized, by ``slots`` or ``slot_rows``, has all its slots; else 1.
    """
    pipeline = settings.pipeline
    sized = pipeline.model_fields_set & {"slots", "slot_rows"}
    return pipeline.slots if sized else 1


def make_ring(run_id: str, slots: int, slot_size: int, fewest: int, beside: int) -> Ring:
    """Create a ring of ``slots`` slots of ``slot_size`` bytes, or of fewer where they do not fit.

    ``beside``: bytes of memory that others will take. RunError, with needed, free and the settings,
    if not even ``fewest`` slots fit.
    """
    free = max(0, available_memory() - beside)
    full = NoSpace("the ring", fewest * slot_size, free)
    for count in range(min(slots, free // slot_size), fewest - 1, -1):
        try:
            return Ring.create(run_id, count, slot_size)
        except NoSpace as error:
            full = error
    asked = many(fewest, "slot") + ("" if fewest == slots else f" of {slots}")
    raise RunError(
        f"the ring needs {full.needed / 2**20:,.1f} MiB of shared memory ({asked}), free are "
        f"{full.available / 2**20:,.1f} MiB: lower pipeline.slots, pipeline.slot_rows or the "
        "strategy's lookback, wait until other runs have ended, or enlarge /dev/shm (in a "
        "container: --shm-size)"
    )


def ring_note(asked: int, slots: int) -> list[str]:
    """Say that a ring has fewer slots than were ``asked`` for; nothing if it has them all."""
    if slots == asked:
        return []
    note = (
        f"The ring has {many(slots, 'slot')} instead of {asked}, because shared memory had room for"
        " no more: stages wait for each other more often, and results are the same."
    )
    return [note]
