"""The tape alone: how fast blocks go from one process to another, and how soon the other knows.

    python bench/tape.py [--json] [--smoke] [--repeats N] [--blocks N] [--rounds N]

Throughput: a producer process hands blocks of 4,096 rows by 7 float64 columns (224 KiB) to a reader
process that sums every column. All ways start from the same source blocks and end in the same sums,
which are checked:

- tape: the producer copies a source block into a slot of the ring, the reader sums it where it
  lies; edges as in a run, four slots;
- Queue: `multiprocess.Queue`, one NumPy array of (7, 4096) an item;
- Pipe: `multiprocess.Pipe`, the same array through `send` and `recv`;
- Pipe, bytes: `send_bytes` of the array's memory and `recv_bytes_into` a buffer that is there
  already: no pickling and no allocation, as good as a pipe gets.

Bound: the tape carries at least 5 times the bytes per second of Queue and of Pipe.

Latency: two processes, each on a core of its own where the system lets them be put there, play
ping-pong and each round trip is timed; half of it is one hand-over.
Edges of a run, data-driven and clock-driven, against two bare `multiprocess.Semaphore`s. Bound: at
most twice theirs, p50 and p99.

All ways take turns, `--repeats` rounds of them. Rates are medians, ratios medians of the ratios
within a round.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import multiprocess
import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))  # before bench/, see measure.py

from bench.measure import Report, bench_parser, interleaved, median_ratio, sizes_of
from pipeline.stages.subscription import Mode, StreamSubscription
from shm.control import ControlPage
from shm.layout import Field, Layout
from shm.names import new_run_id
from shm.ring import Reader, Ring


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: rounds of all ways, blocks through the tape, round trips of a game.

    Through the other ways goes a tenth of the blocks.
    """

    repeats: int
    blocks: int
    rounds: int


FULL = Sizes(repeats=5, blocks=20_000, rounds=10_000)
SMOKE = Sizes(repeats=1, blocks=200, rounds=100)
COLUMNS, ROWS = 7, 4_096
BLOCK_BYTES = COLUMNS * ROWS * 8
SOURCE_BLOCKS = 64  # 14 MiB: more than the caches next to a core
SLOTS = 4
BLOCK = Layout([Field("columns", np.float64, (COLUMNS, ROWS))])

Blocks = npt.NDArray[np.float64]
PRELOAD = ["numpy", "pipeline.stages.subscription", "shm.ring"]


def source_blocks() -> Blocks:
    """Make the blocks to send, (SOURCE_BLOCKS, COLUMNS, ROWS), the same in every run."""
    return np.random.default_rng(1).random((SOURCE_BLOCKS, COLUMNS, ROWS))


def expected_sums(source: Blocks, blocks: int) -> Blocks:
    """Return the sum of each column over all blocks sent, added in the reader's order."""
    sums = np.zeros(COLUMNS)
    per_block = source.sum(axis=2)
    for number in range(blocks):
        sums += per_block[number % SOURCE_BLOCKS]
    return sums


# -- throughput: what the reader process does ---------------------------------------------------


def read_tape(reader: Reader, blocks: int, answer: Any) -> None:
    """Sum every block where it lies in the ring."""
    ring = reader.ring
    slots = [BLOCK.views(ring.slot(index))["columns"] for index in range(ring.slots)]
    answer.send("ready")
    sums = np.zeros(COLUMNS)
    for _ in range(blocks):
        sums += slots[reader.take()].sum(axis=1)
        reader.release()
    answer.send(sums)
    del slots
    ring.close()


def read_items(receive: Callable[[], Blocks], blocks: int, answer: Any) -> None:
    """Sum every array that `receive` gives."""
    answer.send("ready")
    sums = np.zeros(COLUMNS)
    for _ in range(blocks):
        sums += receive().sum(axis=1)
    answer.send(sums)


def read_queue(queue: Any, blocks: int, answer: Any) -> None:
    read_items(queue.get, blocks, answer)


def read_pipe(receiving: Any, blocks: int, answer: Any) -> None:
    read_items(receiving.recv, blocks, answer)


def read_pipe_bytes(receiving: Any, blocks: int, answer: Any) -> None:
    block = np.empty((COLUMNS, ROWS))
    buffer = block.data.cast("B")

    def receive() -> Blocks:
        receiving.recv_bytes_into(buffer)
        return block

    read_items(receive, blocks, answer)


# -- throughput: the producer -------------------------------------------------------------------


class Throughput:
    """Sends blocks to a process of its own, one way or another; each method gives bytes/s."""

    def __init__(self, context: Any, tape_blocks: int, other_blocks: int) -> None:
        self._context = context
        self._source = source_blocks()
        self._tape_blocks = tape_blocks
        self._other_blocks = other_blocks

    def _timed(
        self, target: Callable[..., None], channel: Any, blocks: int, send_all: Callable[[], None]
    ) -> float:
        """Start the reader, send everything, and time until it has answered."""
        answer, answering = self._context.Pipe(duplex=False)
        process = self._context.Process(target=target, args=(channel, blocks, answering))
        process.start()
        answering.close()
        if answer.recv() != "ready":
            raise RuntimeError("the reader did not get ready")
        start = time.perf_counter()
        send_all()
        sums = answer.recv()
        seconds = time.perf_counter() - start
        process.join()
        answer.close()
        if not np.array_equal(sums, expected_sums(self._source, blocks)):
            raise RuntimeError(f"{target.__name__} got other numbers than were sent")
        return blocks * BLOCK_BYTES / seconds

    def tape(self) -> float:
        run_id, source = new_run_id(), self._source
        with ExitStack() as owned:
            own = owned.enter_context
            control = own(ControlPage.create(run_id, ["producer", "reader"]))
            ring = own(Ring.create(run_id, SLOTS, BLOCK.size))
            ready = own(edge(run_id, "ready", ("producer", "reader"), control))
            free = own(edge(run_id, "free", ("reader", "producer"), control, initial=SLOTS))
            producer, reader = ring.producer([free], [ready]), ring.reader([ready], [free])
            slots = [BLOCK.views(ring.slot(index))["columns"] for index in range(SLOTS)]

            def send_all() -> None:
                for number in range(self._tape_blocks):
                    np.copyto(slots[producer.claim()], source[number % SOURCE_BLOCKS])
                    producer.publish()

            rate = self._timed(read_tape, reader, self._tape_blocks, send_all)
            del send_all
            slots.clear()
            return rate

    def queue(self) -> float:
        queue, source = self._context.Queue(maxsize=SLOTS), self._source

        def send_all() -> None:
            for number in range(self._other_blocks):
                queue.put(source[number % SOURCE_BLOCKS])

        rate = self._timed(read_queue, queue, self._other_blocks, send_all)
        queue.close()
        queue.join_thread()
        return rate

    def pipe(self) -> float:
        return self._through_pipe(read_pipe, lambda sending: sending.send)

    def pipe_bytes(self) -> float:
        return self._through_pipe(
            read_pipe_bytes, lambda sending: lambda block: sending.send_bytes(block.data.cast("B"))
        )

    def _through_pipe(self, target: Callable[..., None], sender: Callable[[Any], Any]) -> float:
        receiving, sending = self._context.Pipe(duplex=False)
        send, source = sender(sending), self._source

        def send_all() -> None:
            for number in range(self._other_blocks):
                send(source[number % SOURCE_BLOCKS])

        with receiving, sending:
            return self._timed(target, receiving, self._other_blocks, send_all)


def edge(
    run_id: str,
    kind: str,
    ends: tuple[str, str],
    control: ControlPage,
    *,
    mode: Mode = "data",
    initial: int = 0,
) -> StreamSubscription:
    """Make an edge as a run makes it."""
    return StreamSubscription.create(
        run_id,
        kind,
        producer=ends[0],
        consumer=ends[1],
        depth=SLOTS,
        mode=mode,
        initial=initial,
        control=control,
    )


# -- latency ------------------------------------------------------------------------------------


@contextmanager
def on_core(number: int) -> Iterator[None]:
    """Keep this process on one of the cores it may use.

    Where the system puts both on one core or on two differs from game to game, and a hand-over
    within one core takes a fraction of the time.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[number % len(before)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def play(take: Callable[[], object], give: Callable[[], object], rounds: int) -> None:
    """Return every token."""
    with on_core(1):
        for _ in range(rounds):
            take()
            give()


def return_edges(
    ping: StreamSubscription, pong: StreamSubscription, _control: ControlPage, rounds: int
) -> None:
    play(ping.wait_until_ready, pong.signal_ready, rounds)


def return_semaphores(ping: Any, pong: Any, rounds: int) -> None:
    play(ping.acquire, pong.release, rounds)


class Latency:
    """Plays ping-pong with another process; each method gives hand-over times in seconds."""

    def __init__(self, context: Any, rounds: int) -> None:
        self._context = context
        self._rounds = rounds

    def edges(self, mode: Mode) -> npt.NDArray[np.float64]:
        run_id = new_run_id()
        with (
            ControlPage.create(run_id, ["ping", "pong"]) as control,
            edge(run_id, "ping", ("ping", "pong"), control, mode=mode) as ping,
            edge(run_id, "pong", ("pong", "ping"), control, mode=mode) as pong,
        ):
            arguments = (ping, pong, control)
            return self._play(return_edges, arguments, ping.signal_ready, pong.wait_until_ready)

    def semaphores(self) -> npt.NDArray[np.float64]:
        ping, pong = self._context.Semaphore(0), self._context.Semaphore(0)
        return self._play(return_semaphores, (ping, pong), ping.release, pong.acquire)

    def _play(
        self,
        target: Callable[..., None],
        arguments: tuple[Any, ...],
        give: Callable[[], object],
        take: Callable[[], object],
    ) -> npt.NDArray[np.float64]:
        warm_up = self._rounds // 10
        process = self._context.Process(target=target, args=(*arguments, warm_up + self._rounds))
        process.start()
        taken = np.empty(self._rounds, np.int64)
        with on_core(0):
            for _ in range(warm_up):
                give()
                take()
            clock = time.perf_counter_ns
            for number in range(self._rounds):
                start = clock()
                give()
                take()
                taken[number] = clock() - start
        process.join()
        return taken / 2e9


def measure_throughput(context: Any, report: Report, repeats: int, blocks: int) -> None:
    """Add bytes per second of all ways, and how many times theirs the tape has."""
    ways = Throughput(context, blocks, max(1, blocks // 10))
    rates = interleaved(
        {
            "tape": ways.tape,
            "Queue": ways.queue,
            "Pipe": ways.pipe,
            "Pipe, bytes": ways.pipe_bytes,
        },
        repeats,
    )
    for name, samples in rates.items():
        report.add(name, statistics.median(samples) / 1e9, "GB/s")
    for name, bound in (("Queue", 5.0), ("Pipe", 5.0), ("Pipe, bytes", None)):
        ratio = median_ratio(rates["tape"], rates[name])
        report.add(f"tape / {name}", ratio, "x", at_least=bound)


def measure_latency(context: Any, report: Report, repeats: int, rounds: int) -> None:
    """Add hand-over times at p50 and p99, and how many times a bare semaphore's they are."""
    game = Latency(context, rounds)
    ways: dict[str, Callable[[], npt.NDArray[np.float64]]] = {
        "semaphore": game.semaphores,
        "edge": lambda: game.edges("data"),
        "clock edge": lambda: game.edges("clock"),
    }
    times = interleaved(ways, repeats)
    for percentile in (50, 99):
        found = {
            name: [float(np.percentile(sample, percentile)) for sample in samples]
            for name, samples in times.items()
        }
        for name, samples in found.items():
            value = statistics.median(samples) * 1e6
            report.add(f"hand-over p{percentile}, {name}", value, "us")
        for name in ("edge", "clock edge"):
            ratio = median_ratio(found[name], found["semaphore"])
            report.add(f"p{percentile}, {name} / semaphore", ratio, "x", at_most=2.0)


def main() -> int:
    parser = bench_parser(__doc__)
    parser.add_argument("--repeats", type=int, help=f"rounds of all ways [{FULL.repeats}]")
    parser.add_argument("--blocks", type=int, help=f"blocks through the tape [{FULL.blocks}]")
    parser.add_argument("--rounds", type=int, help=f"round trips [{FULL.rounds}]")
    chosen = parser.parse_args()
    sizes = sizes_of(chosen, FULL, SMOKE)
    context = multiprocess.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    report = Report("tape", asdict(sizes), ["numpy", "multiprocess"], judged=not chosen.smoke)
    measure_throughput(context, report, sizes.repeats, sizes.blocks)
    measure_latency(context, report, sizes.repeats, sizes.rounds)
    return report.finish(chosen.json)


if __name__ == "__main__":
    sys.exit(main())
