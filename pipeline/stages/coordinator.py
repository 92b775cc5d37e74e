"""The coordinator: replays the catalog's sessions onto the tape."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np

from pipeline.codes import DAY_NS, interval_ns
from pipeline.errors import DataError
from pipeline.market.actions import Splits, splits_by_symbol
from pipeline.market.adjustment import Scale
from pipeline.market.auction import session_reader
from pipeline.market.catalog.bar_file import Block
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.quality import expected_of
from pipeline.market.time.time_manager import SessionTable, TimeManager
from pipeline.stages.facts import MemorySizes, TapeFacts
from pipeline.stages.metrics import MACHINE_TIME, PerformanceMetrics
from pipeline.stages.steering import Steering
from pipeline.stages.time_account import TimeAccount
from pipeline.tape.feed import Feed
from pipeline.tape.lookback import Tail
from pipeline.tape.market_facts import market_facts
from pipeline.tape.offer import Generator, Offer
from pipeline.tape.open_files import allow_open_files
from pipeline.tape.slot import BEGAN, Slot, SlotShape
from pipeline.tape.slot_writer import SlotWriter
from pipeline.tape.tape import Cut, Tape
from shm.command import CommandPage
from shm.processors import BusyLook
from shm.ring import Producer


@dataclass(frozen=True)
class Replay:
    """Which data is replayed, and how."""

    #: The folder of the catalog.
    catalog: str
    #: The sessions, in time order.
    sessions: SessionTable
    #: A calendar that answers from these sessions alone: see `TimeManager.over`.
    calendar: TimeManager
    shape: SlotShape
    #: 0: as fast as the data is consumed; above 0: that multiple of real time.
    speed: float
    #: Days of data to decode ahead; 0: none.
    prefetch_days: int
    #: Splits that take effect while the sessions are replayed.
    splits: Splits = field(default_factory=dict)
    #: For each symbol the scale by which its bars are adjusted, or None; empty if there is none.
    scales: tuple[Scale | None, ...] = ()
    #: Indices of the sessions that must begin a slot.
    cuts: tuple[int, ...] = ()
    #: Whether closing auctions are added to the last bars of sessions.
    auctions: bool = False
    #: The rate at which bars are offered, whatever their times are; None for no such rate.
    offer: Offer | None = None


class Coordinator:
    """Reads the catalog and publishes one block after the other; a context manager.

    ``check`` is called now and then during waits, and may raise to end them. ``command``: the page
    by which the run is steered; None if nobody can.
    """

    def __init__(
        self,
        replay: Replay,
        slots: list[Slot],
        metrics: PerformanceMetrics,
        check: Callable[[], None],
        command: CommandPage | None = None,
    ) -> None:
        self._replay = replay
        self._slots = slots
        self._metrics = metrics
        self._account = TimeAccount(metrics)
        self._writer = SlotWriter(replay.shape)
        self._tail = Tail(
            slots[0].tables[0], slice(0, 5), range(len(replay.shape.symbols)), times=True
        )
        self._steering = Steering(command, replay.speed, check)
        self._generator: Generator | None = None
        if replay.offer is not None:
            symbols = len(replay.shape.symbols)
            self._generator = Generator(replay.offer, symbols, check, metrics.record_lag)
        self._closing = ExitStack()
        self._loads = 0
        self._started_ns = 0
        self._calendar = replay.calendar
        self._dates = np.array(replay.sessions.date_ns, "M8[ns]").astype("M8[D]").tolist()
        self._begun = 0  # sessions that the calendar was told of

    def __enter__(self) -> "Coordinator":
        self._feeds = self._open_feeds()
        shape = self._replay.shape
        # Counted before the tape starts, because at its end the engines need the processor.
        self._expected = int(expected_of(shape.intervals[0], self._replay.sessions).sum())
        self._tape = Tape(
            self._feeds,
            self._replay.sessions,
            rows=shape.rows,
            max_sessions=shape.sessions,
            splits=self._replay.splits,
            cuts=self._replay.cuts,
        )
        if self._tape.empty:
            place = Catalog(self._replay.catalog).place
            raise DataError(
                f"the catalog {place} has no {shape.intervals[0]} bars in sessions "
                f"from {self._dates[0]} to {self._dates[-1]} for any of: {', '.join(shape.symbols)}"
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def _open_feeds(self) -> list[Feed]:
        """Open the bars of every symbol; with ``prefetch_days`` one thread decodes them ahead."""
        replay, sessions = self._replay, self._replay.sessions
        base = replay.shape.intervals[0]
        step = interval_ns(base)
        executor: Executor | None = None
        if replay.prefetch_days > 0:
            executor = self._closing.enter_context(ThreadPoolExecutor(1, "prefetch"))
        allow_open_files(len(replay.shape.symbols))
        catalog = Catalog(replay.catalog)
        feeds = []
        scales = replay.scales or (None,) * len(replay.shape.symbols)
        splits = splits_by_symbol(replay.splits, len(scales))
        for symbol, scale, own in zip(replay.shape.symbols, scales, splits, strict=True):
            feed = Feed(
                session_reader(catalog, symbol, base, sessions, auctions=replay.auctions),
                symbol,
                step,
                sessions,
                executor=executor,
                # The next slot takes up to so many rows at once: decoding must begin before.
                ahead=replay.prefetch_days * max(1, DAY_NS // step) + replay.shape.rows,
                timed=self._timed,
                scale=scale,
                splits=own,
            )
            self._closing.callback(feed.close)
            feeds.append(feed)
        return feeds

    def _timed(self, load: Callable[[], Block | None]) -> Block | None:
        start = self._metrics.start_timer()
        block = load()
        if self._loads < len(self._replay.shape.symbols):
            self._metrics.record_initial_load(start)
        else:
            self._metrics.record_subsequent_load(start)
        self._loads += 1
        return block

    def warm_up(self, slot: Slot) -> None:
        """Load the compiled code that the first slot would else wait for; ``slot`` is empty."""
        self._tail.carry_in(slot.tables[0])
        self._tail.keep(slot.tables[0])  # changes nothing: the slot has no fresh rows

    def turns(self, producer: Producer) -> Iterator[None]:
        """Publish the whole tape, one slot at each turn."""
        self._started_ns = time.monotonic_ns()
        self._account.begin(self._started_ns)
        if self._generator is not None:
            self._generator.begin(self._started_ns)
        closed = opened = self._metrics.start_timer()
        between = True  # no session is on its way to the tape
        self._steering.begin()
        look = BusyLook()
        while not self._tape.finished:
            slot, cut, waited = self._next(producer)
            start = self._metrics.start_timer()
            if between:
                self._metrics.reset_session()
                self._metrics.record_session_gap(closed)
                opened = self._metrics.start_timer()
            bars = self._tape.fill(slot, self._writer, self._tail, cut)
            slot.header[BEGAN] = self._started_ns
            closes = int(slot.open_sessions["closes"].sum())
            producer.publish()
            self._steering.handed_on(cut.last_close)
            if self._generator is not None:
                self._generator.found_room(waited)
                self._generator.offered(bars)
            self._begin_sessions(self._tape.opened)
            self._metrics.count("slots")
            self._metrics.count("bars", bars)
            self._metrics.count("sessions", closes)
            between = closes > 0
            if between:
                self._metrics.record_session_duration(opened)
                closed = self._metrics.start_timer()
            self._metrics.record_fill(start)
            self._metrics.flush()
            self._account.busy()
            if self._tape.finished:
                self._steering.end()
                self._metrics.count(MACHINE_TIME, look.taken_ns())
            yield

    def _next(self, producer: Producer) -> tuple[Slot, Cut, int]:
        """Return a slot, the bars for it once it is their time, and the ns waited for room."""
        if self._generator is not None:
            return self._next_offered(producer, self._generator)
        slot = self._slots[self._steering.claim(producer)]
        waited = self._account.blocked()
        self._hold()
        cut = self._tape.cut(1 if self._steering.by_moment else None)
        if self._steering.paced:
            self._account.busy()
            self._pace(cut.last_close)
            self._account.starved(at_edge=False)
        return slot, cut, waited

    def _next_offered(self, producer: Producer, generator: Generator) -> tuple[Slot, Cut, int]:
        """Do the same with bars that are offered at a rate, which do not wait for room."""
        self._hold()
        self._account.busy()
        rows = generator.wait()
        self._account.starved(at_edge=False)
        cut = self._tape.cut(1 if self._steering.by_moment else rows)
        self._account.busy()
        slot = self._slots[self._steering.claim(producer)]
        return slot, cut, self._account.blocked()

    def _hold(self) -> None:
        """Stand still while the run is paused."""
        if self._steering.hold():
            self._account.starved(at_edge=False)

    def _begin_sessions(self, stop: int) -> None:
        """Tell the calendar of all sessions before index ``stop`` that it was not told of yet."""
        for date in self._dates[self._begun : stop]:
            self._calendar.start_session(date)
        self._begun = max(self._begun, stop)

    def _pace(self, close: int) -> None:
        """Wait for the time of a moment, after the session of its ``close`` has begun."""
        index = int(np.searchsorted(self._replay.sessions.open_ns, close, side="left")) - 1
        self._begin_sessions(index + 1)
        session = self._calendar.get_trading_session(self._dates[index])
        self._steering.pace(session.open_ns, close)

    def facts(self) -> TapeFacts:
        """Return what was replayed, once the tape has ended."""
        return TapeFacts(
            started_ns=self._started_ns,
            present=tuple(int(feed.present.sum()) for feed in self._feeds),
            expected=self._expected,
            sessions=len(self._dates),
            first_session=str(self._dates[0]),
            last_session=str(self._dates[-1]),
            calendar=self._calendar.cache_statistics(),
            memory=MemorySizes.of_this_process(),
            market=market_facts(self._replay.shape.symbols, self._feeds),
            commands=self._steering.commands,
            stood_ns=self._steering.stood_ns,
        )
