"""What shared memory may refuse, and when."""

# ruff: noqa: N818 - they are named as refusals: Closed, Aborted, NoSpace


class ShmError(Exception):
    """The root: catch it to catch every refusal of this package."""


class SegmentMissing(ShmError):
    """You get it when you attach to a name that no segment has.

    The run that owned it has ended, or the name is misspelt, or belongs to another machine.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"no shared memory segment is named {self.name!r}"


class SegmentMismatch(ShmError):
    """You get it when a segment is there but is not what you take it for.

    Its magic, version, layout or size differs from what this program expects, or its creator has
    not finished it. Nothing of it has been read or changed.
    """

    def __init__(self, name: str, what: str, found: object, expected: object) -> None:
        super().__init__(name, what, found, expected)
        self.name = name
        self.what = what
        self.found = found
        self.expected = expected

    def __str__(self) -> str:
        return f"segment {self.name!r} has {self.what} {self.found}, expected {self.expected}"


class NameTaken(ShmError):
    """You get it when you create a segment or a semaphore under a name that exists.

    Within one run and process every kind may be created once.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"{self.name!r} exists already; a run creates every kind once"


class NoSpace(ShmError):
    """You get it on creation when the machine has not got the memory; nothing is left behind.

    `needed` and `available` are in bytes. In a container, enlarge /dev/shm (`--shm-size`).
    """

    def __init__(self, what: str, needed: int, available: int) -> None:
        super().__init__(what, needed, available)
        self.what = what
        self.needed = needed
        self.available = available

    def __str__(self) -> str:
        return (
            f"{self.what} does not fit shared memory: "
            f"needed={self.needed:,} bytes, available={self.available:,} bytes"
        )


class ViewsInUse(ShmError):
    """You get it from ``close()`` when arrays or memoryviews of the segment are still alive.

    The name is removed already and nothing leaks: the memory goes with the last view. Drop the
    views before closing.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"segment {self.name!r} was closed while views of it are in use; drop them first"


class Closed(ShmError):
    """You get it when you use an object after its ``close()``."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"{self.what} is closed"


class OutOfTurn(ShmError):
    """You get it when slots are not used in turn.

    A station publishes or releases what it has not claimed or taken, or takes twice; or a slot
    holds another sequence than the reader is due, which means that edges are wired or counted
    wrongly.
    """


class Aborted(ShmError):
    """You get it from any wait, within a slice of it, once the supervisor has aborted the run.

    `who` is the role that made the run fail, `why` its reason. Leave; do not try again.
    """

    def __init__(self, who: str, why: str) -> None:
        super().__init__(who, why)
        self.who = who
        self.why = why

    def __str__(self) -> str:
        return f"the run is being aborted because of {self.who}: {self.why}"


class PeerDied(ShmError):
    """You get it from any wait of a child, within a slice of it, once its parent process is gone.

    Nobody is left to clean up after you or to wait for you: leave.
    """

    def __init__(self, whom: str, pid: int | None) -> None:
        super().__init__(whom, pid)
        self.whom = whom
        self.pid = pid

    def __str__(self) -> str:
        return f"{self.whom} (pid {self.pid}) is gone"


class Dismissed(ShmError):
    """You get it from a wait for a member that is dead and that the run goes on without.

    All the tokens that it gave have been taken. No more will come: wait for the others.
    """

    def __init__(self, what: str, whom: str) -> None:
        super().__init__(what, whom)
        self.what = what
        self.whom = whom

    def __str__(self) -> str:
        return f"{self.what}: the run goes on without {self.whom}"


class WaitTimeout(ShmError):
    """You get it when a wait that was given a timeout is over and nothing has come.

    The wait has taken nothing: it may be repeated. `seconds` is how long it lasted.
    """

    def __init__(self, what: str, whom: str, seconds: float) -> None:
        super().__init__(what, whom, seconds)
        self.what = what
        self.whom = whom
        self.seconds = seconds

    def __str__(self) -> str:
        return f"{self.what} waited {self.seconds:.3f} s for {self.whom}"
