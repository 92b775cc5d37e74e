"""The refusals of this package, and when each is raised."""

# ruff: noqa: N818 - they are named as refusals: Closed, Aborted, NoSpace


class ShmError(Exception):
    """The root: catch it to catch every refusal of this package."""


class SegmentMissing(ShmError):
    """You get it when you attach to a name that no segment has.

    The run that owned the segment has ended, or the name is misspelt, or it is one of another
    machine. `name`: the name that was asked for.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"no shared memory segment is named {self.name!r}"


class SegmentMismatch(ShmError):
    """You get it when a segment is there but is not what you take it for.

    Its magic, version, layout or size is not the one that this program expects, or its creator has
    not finished it. The payload has been neither read nor changed. `name`: of the segment; `what`:
    the property that differs; `found` and `expected`: the two values of that property.
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

    A process may create each kind once in a run. `name`: the whole name.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"{self.name!r} exists already; a run creates every kind once"


class NoSpace(ShmError):
    """You get it on creation when the machine lacks the memory; nothing is left behind.

    `what`: the thing that was to be created; `needed` and `available`: bytes. In a container,
    enlarge /dev/shm (`--shm-size`).
    """

    def __init__(self, what: str, needed: int, available: int) -> None:
        super().__init__(what, needed, available)
        self.what = what
        self.needed = needed
        self.available = available

    def __str__(self) -> str:
        return (
            f"{self.what} does not fit shared memory: it needs {_size(self.needed)}, free are "
            f"{_size(self.available)}; enlarge /dev/shm (in a container: --shm-size)"
        )


def _size(count: int) -> str:
    """Return a number of bytes as people write it."""
    return f"{count / 2**20:,.1f} MiB" if count >= 2**20 else f"{count:,} bytes"


class Unavailable(ShmError):
    """You get it on creation when the system gives this process no shared memory at all.

    There is no place for it, or this user may not write there. `what`: the thing that was to be
    created; `place`: where the system keeps it; `reason`: the system's words.
    """

    def __init__(self, what: str, place: str, reason: str) -> None:
        super().__init__(what, place, reason)
        self.what = what
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"{self.what} cannot be created in shared memory, {self.place}: {self.reason}; the "
            "processes of a run share memory there: mount a tmpfs of 64 MB or more on it that this "
            "user can write"
        )


class ViewsInUse(ShmError):
    """You get it from ``close()`` when arrays or memoryviews of the segment are still alive.

    The name is removed already and nothing leaks: the memory is freed with the last view. Drop the
    views before you close. `name`: of the segment.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"segment {self.name!r} was closed while views of it are in use; drop them first"


class Closed(ShmError):
    """You get it when you use an object after its ``close()``. `what`: the object, in words."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"{self.what} is closed"


class OutOfTurn(ShmError):
    """You get it when slots are not used in turn.

    A station publishes a slot that it has not claimed, releases one that it has not taken, or asks
    for a slot while it holds one. Or the slot holds another sequence number than the reader
    expects: then edges are wired or counted wrongly.
    """


class Aborted(ShmError):
    """You get it from any wait, within 50 ms, once the supervisor has aborted the run.

    Leave; do not try again. `who`: the role that made the run fail; `why`: its reason.
    """

    def __init__(self, who: str, why: str) -> None:
        super().__init__(who, why)
        self.who = who
        self.why = why

    def __str__(self) -> str:
        return f"the run is being aborted because of {self.who}: {self.why}"


class PeerDied(ShmError):
    """You get it from any wait of a child, within 50 ms, once its parent process is gone.

    Leave: no process is left that waits for you or cleans up after you. `whom`: the process that is
    gone, in words; `pid`: its number.
    """

    def __init__(self, whom: str, pid: int | None) -> None:
        super().__init__(whom, pid)
        self.whom = whom
        self.pid = pid

    def __str__(self) -> str:
        return f"{self.whom} (pid {self.pid}) is gone"


class Steered(ShmError):
    """You get it when you want to steer a run that another process steers at this moment.

    Nothing has been changed; try again when that process is done. `name`: of the command page;
    `pid`: the number of the other process.
    """

    def __init__(self, name: str, pid: int) -> None:
        super().__init__(name, pid)
        self.name = name
        self.pid = pid

    def __str__(self) -> str:
        return f"process {self.pid} steers the run of {self.name!r}; one may at a time"


class Dismissed(ShmError):
    """You get it from a wait for a dead member if the run goes on without that member.

    All tokens that the member gave have been taken, and no more will come: wait for the others.
    `what`: the gate that waited; `whom`: the role of the dead member.
    """

    def __init__(self, what: str, whom: str) -> None:
        super().__init__(what, whom)
        self.what = what
        self.whom = whom

    def __str__(self) -> str:
        return f"{self.what}: the run goes on without {self.whom}"


class WaitTimeout(ShmError):
    """You get it when a wait with a timeout ends without a token.

    No token has been taken: the wait may be repeated. `what`: the gate that waited; `whom`: the
    role that it waited for; `seconds`: how long it waited.
    """

    def __init__(self, what: str, whom: str, seconds: float) -> None:
        super().__init__(what, whom, seconds)
        self.what = what
        self.whom = whom
        self.seconds = seconds

    def __str__(self) -> str:
        return f"{self.what} waited {self.seconds:.3f} s for {self.whom}"
