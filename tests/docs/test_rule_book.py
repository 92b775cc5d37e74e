"""The fills that the rule book shows are those of the product: each example on the page is run.

Each is run twice, through the stages of the product and through the plain reference.
"""

import math
import re
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import MINUTE, Strategy, tif
from pipeline.config.session import ExecutionConfig, InstrumentConfig, SessionConfig, TradingConfig
from pipeline.errors import StrategyError
from pipeline.lane.spec import Terms
from pipeline.market.actions import Action
from pipeline.results.table_kinds import ORDER_STATES, REASONS
from pipeline.runner.terms import terms_of, time_manager
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.market import Bars, Market, session_table
from tests.reference.replay import Outcome, replay

PAGE = Path(__file__).parents[2] / "pipeline" / "execution" / "README.md"
T0 = 1_700_006_400_000_000_000
PAUSE = 600 * MINUTE  # between two sessions
AMPLE = 1e6  # volume of bars that are given without
SYMBOLS = ("A", "B")
SECTIONS = {
    "execution": ExecutionConfig,
    "trading_config": TradingConfig,
    "instruments": InstrumentConfig,
}
FACTS = {"last", "volume", "held", "intervals", "split", "dividend"}
NEEDS_VOLUME = {"volume_cap", "slippage_impact"}
ORDERS = (
    *("market", "market_on_open", "market_on_close", "limit", "stop", "stop_limit"),
    *("trailing_stop", "bracket", "target", "target_value", "target_percent", "exit_on_close"),
)
LINES = ("with", "rates", "order", "bars", "then", "fill", "ends", "trips", "equity", "cash")
CHANGES = ("cancel", "replace", "one_cancels_other")
NAMES = {name: getattr(tif, name) for name in ("GTC", "DAY", "IOC", "FOK")}

Values = dict[str, str]
Prices = tuple[float, ...]


@dataclass
class Example:
    """One example as it is written: its lines by their names, and the page's line number."""

    lines: Values
    at: int
    settings: Values = field(init=False)
    sessions: list[list[Prices]] = field(init=False)
    rates: list[float] = field(init=False)

    def __post_init__(self) -> None:
        pairs = [pair.split("=") for pair in self.lines.get("with", "").split(",") if pair.strip()]
        self.settings = {name.strip(): value.strip() for name, value in pairs}
        self.sessions = [
            [tuple(map(float, bar.split())) for bar in session.split(",") if bar.strip()]
            for session in self.lines.get("bars", "").split("|")
        ]
        rates = [rate.strip() for rate in self.lines.get("rates", "").split(",") if rate.strip()]
        self.rates = [math.nan if rate == "none" else float(rate) for rate in rates]

    @property
    def bars(self) -> list[Prices]:
        return [bar for session in self.sessions for bar in session]

    @property
    def last(self) -> float:
        """The close before the order; NaN: there is no bar before."""
        if self.settings.get("last") == "none":
            return math.nan
        return float(self.settings.get("last", self.bars[0][0] if self.bars else 10.0))

    @property
    def held(self) -> float:
        return float(self.settings.get("held", 0.0))

    @property
    def longer(self) -> str:
        return self.settings.get("intervals", "1m")

    @property
    def bars_before(self) -> int:
        if math.isnan(self.last):
            return 0
        return int(self.longer.removesuffix("m")) + (self.held != 0.0)

    @property
    def actions(self) -> tuple[Action, ...]:
        """What takes effect when the second session opens."""
        split, dividend = (
            float(self.settings.get(n, d)) for n, d in (("split", 1), ("dividend", 0))
        )
        return (Action(1, 0, split, dividend),) if (split, dividend) != (1.0, 0.0) else ()

    def terms(self) -> Terms:
        """What the configuration makes of the settings of ``with``."""
        sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
        for name, value in self.settings.items():
            homes = [key for key, model in SECTIONS.items() if name in model.model_fields]
            assert len(homes) == (name not in FACTS), f"{name} is not a setting"
            for home in homes:
                sections[home][name] = _value(value)
        sections["instruments"] = dict.fromkeys(SYMBOLS, sections["instruments"])
        if self.rates:
            sections["instruments"]["A"] = sections["instruments"]["A"] | {"currency": "EUR"}
            sections["instruments"]["B"] = {"base": "EUR"}
        config = SessionConfig(
            session_name="rule_book",
            backtest_config={"start_date": "2024-01-02", "end_date": "2024-01-03"},
            session_data_config={"symbols": SYMBOLS},
            strategy={"name": "a:B"},
            catalog="none",
            **sections,
        )
        sessions = time_manager(config).session_table("2024-01-02", "2024-01-03")
        return replace(terms_of(config, sessions), actions=self.actions)

    def market(self) -> tuple[Market, list[int]]:
        """The bars, one a minute, those before the order first; and the opens of those shown."""
        still = (self.last,) * 4 + (float(self.settings.get("volume", AMPLE)),)
        ts, values, spans, shown = [], [], [], []
        now = T0
        for number, session in enumerate(self.sessions):
            opened = now
            before = [still] * self.bars_before if number == 0 else []
            for place, bar in enumerate([*before, *session]):
                assert NEEDS_VOLUME.isdisjoint(self.settings) or len(bar) == 5, "volume is needed"
                shown += [now] if place >= len(before) else []
                ts.append(now)
                values.append(bar if len(bar) == 5 else (*bar, AMPLE))
                now += MINUTE
            if now == opened:  # a session without any bar yet
                now += MINUTE
            spans.append((opened, now))
            now += PAUSE
        bars = Bars(np.array(ts, np.int64), np.array(values, np.float64).reshape(-1, 5).T.copy())
        flat = np.repeat(np.array([[self.last]] * 4 + [[AMPLE]]), len(ts), 1)
        if math.isnan(self.last):
            flat = np.array([[10.0]] * 4 + [[AMPLE]]).repeat(len(ts), 1)
        streams = ("1m",) if self.longer == "1m" else ("1m", self.longer)
        pair = Bars(bars.ts, flat)
        if self.rates:
            closes = np.array([self.rates[0]] * (self.bars_before - 1) + self.rates)
            known = ~np.isnan(closes)
            pair = Bars(bars.ts[known], np.array([closes] * 4 + [flat[4]])[:, known])
        both = {"A": bars, "B": pair}
        return Market(both, session_table(spans), streams), shown


def _value(text: str) -> Any:
    if text.startswith("above"):
        return [_tier(tier) for tier in text.split(";")]
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number == int(number) else number


def _tier(text: str) -> dict[str, float]:
    words = text.split()
    return {name: float(rate) for name, rate in zip(words[::2], words[1::2], strict=True)}


@pytest.fixture(autouse=True)
def _costs_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where the page's function of a user's own lies."""
    begin = "```python costs.py\n"
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    (tmp_path / "costs.py").write_text(rest.partition("```")[0])
    monkeypatch.chdir(tmp_path)


class Written(Strategy):
    """Does what an example says, when it says so."""

    example = None  # given by a class of its own per example: see `outcome`
    opens = ()

    def on_session_open(self, session, ctx):
        if session.index == 0 and self.example.bars_before == 0:
            self.act(self.example.lines["order"], ctx)

    def on_bar(self, bar, ctx):
        if bar.symbol != 0:
            return
        example, before = self.example, self.example.bars_before
        if example.held != 0.0 and ctx.now == T0 + MINUTE:
            ctx.market(0, example.held)
        if before != 0 and ctx.now == T0 + before * MINUTE:
            self.act(example.lines["order"], ctx)
        if "then" in example.lines:
            moment, what = example.lines["then"].split(":", 1)
            bar_shown = int(moment.removeprefix("after bar "))
            if ctx.now == self.opens[bar_shown - 1] + MINUTE:
                self.act(what, ctx)

    def act(self, text, ctx):
        offset = int(self.example.held != 0.0)
        names = NAMES | {"now": ctx.now, "MINUTE": MINUTE}
        names |= {name: partial(self.place, getattr(ctx, name)) for name in ORDERS}
        names |= {name: partial(self.change, getattr(ctx, name), offset) for name in CHANGES}
        for call in text.split(";"):
            eval(call.strip(), {"__builtins__": {}}, names)

    def place(self, method, *given, **named):
        symbol = SYMBOLS.index(given[0]) if given and isinstance(given[0], str) else 0
        return method(symbol, *(one for one in given if not isinstance(one, str)), **named)

    def change(self, method, offset, number, *given, **named):
        if method.__name__ == "one_cancels_other":
            return method(number + offset, given[0] + offset)
        return method(number + offset, *given, **named)


def outcome(example: Example) -> tuple[Outcome, list[int]]:
    market, shown = example.market()
    kind = type("Written", (Written,), {"example": example, "opens": shown})
    if example.longer != "1m":
        kind.intervals = (example.longer,)
    terms = example.terms()
    (found,), _ = run_in_process(market, [kind()], Setup(), terms)
    assert_same(found, replay(market, kind(), terms))
    return found, shown


# ------------------------------------------------------------------------- what the page says

_BLOCK = re.compile(r"^```text\n((?:with|order):.*?)^```$", re.MULTILINE | re.DOTALL)
_FILL = re.compile(r"([+-][\d.]+) at ([\d.]+)(?: in bar (\d+))?(?: costs (-?[\d.]+))?")
_TRIP = re.compile(
    r"([+-][\d.]+) from ([\d.]+) to ([\d.]+|none) makes (-?[\d.]+),"
    r" ([\d.]+) against and ([\d.]+) for it over (\d+) bars?"
)
_END = re.compile(r"(\d+) (\w+)(?: \((\w+)\))?")


def blocks() -> list[Example]:
    text = PAGE.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        at = text.count("\n", 0, match.start()) + 2
        found.append(Example(dict(_named(line) for line in match[1].splitlines()), at))
    return found


def _named(line: str) -> tuple[str, str]:
    name, _, rest = line.partition(":")
    assert name in set(LINES), line
    return name, rest.strip()


def rows(heading: str) -> list[Any]:
    """The rows of the table that begins with a heading, as lists of cells without backquotes."""
    text = PAGE.read_text(encoding="utf-8")
    table = text[text.index(f"| {heading} |") :].partition("\n\n")[0].splitlines()[2:]
    return [
        pytest.param([cell.strip() for cell in row.strip("|").split("|")], id=row.split("|")[1])
        for row in table
    ]


def shown_fills(example: Example) -> list[tuple[float, ...]]:
    text = example.lines["fill"]
    if text == "none":
        return []
    found = []
    for part in text.split(","):
        match = _FILL.fullmatch(part.strip())
        assert match, part
        assert match[3] or len(example.bars) == 1, "of several bars, which one?"
        found.append(
            tuple(
                float(value or default)
                for value, default in zip(match.groups(), (0, 0, 1, 0), strict=True)
            )
        )
    return found


def shown_ends(example: Example) -> dict[int, tuple[str, str]]:
    found = {}
    for part in example.lines["ends"].split(","):
        match = _END.fullmatch(part.strip())
        assert match, part
        found[int(match[1])] = (match[2], match[3] or "none")
    return found


def shown_trips(example: Example) -> list[tuple[float, ...]]:
    found = []
    for part in example.lines["trips"].split(";"):
        match = _TRIP.fullmatch(part.strip())
        assert match, part
        found.append(tuple(float(one.replace("none", "nan")) for one in match.groups()))
    return found


def own(example: Example, found: Outcome, name: str) -> list[tuple[Any, ...]]:
    """Rows of the example's own orders, without the one that bought what is held."""
    number = {"fills": 5, "orders": 0}[name]
    if example.held != 0.0:
        assert found.fills[0][2] == example.held
    return [row for row in getattr(found, name) if row[number] > (example.held != 0.0)]


@pytest.mark.parametrize("example", blocks(), ids=lambda example: f"line {example.at}")
def test_an_example_fills_as_the_page_says(example: Example):
    found, opens = outcome(example)
    fills = [
        (quantity, price, opens.index(ts) + 1 if ts in opens else 0, cost)
        for ts, _, quantity, price, cost, _ in own(example, found, "fills")
    ]
    assert fills == [pytest.approx(fill) for fill in shown_fills(example)]
    if "ends" in example.lines:
        states = {
            row[0] - int(example.held != 0.0): (ORDER_STATES[row[7]], REASONS[row[11]])
            for row in own(example, found, "orders")
        }
        assert states == shown_ends(example)
    if "trips" in example.lines:
        trips = [
            (trip[1], trip[3], math.nan if trip[5] is None else trip[5], trip[6], *trip[8:11])
            for trip in found.trips
        ]
        assert trips == [pytest.approx(trip, nan_ok=True) for trip in shown_trips(example)]
    for name, place in (("equity", 1), ("cash", 2)):
        if name in example.lines:
            assert found.equity[-1][place] == pytest.approx(float(example.lines[name]))


def test_every_example_of_the_page_is_run():
    assert len(blocks()) == PAGE.read_text(encoding="utf-8").count("```text\n") > 50


def _code(cell: str) -> str:
    return cell.strip("`")


@pytest.mark.parametrize("cells", rows("`reason`"))
def test_an_order_is_rejected_with_the_numbers_of_the_table(cells: list[str]):
    reason, _, settings, order, found, allowed = map(_code, cells)
    still = "10 10 10 10"
    example = Example({"with": settings, "order": order, "bars": still}, 0)
    row = own(example, outcome(example)[0], "orders")[-1]
    assert (ORDER_STATES[row[7]], REASONS[row[11]]) == ("rejected", reason)
    assert row[13:15] == tuple(None if one == "" else float(one) for one in (found, allowed))


def test_the_table_names_every_reason_of_a_rejection():
    """Those that no setting leads to are left out."""
    named = {_code(row.values[0][0]) for row in rows("`reason`")}
    assert named == set(REASONS[REASONS.index("lot") : REASONS.index("liquidation")]) - {
        "allowed_hours"
    }


@pytest.mark.parametrize("cells", rows("what raises"))
def test_what_cannot_be_meant_raises(cells: list[str]):
    _, order, when = cells[0].split("`")
    settings = "last=none" if when.strip() == "before the first bar" else ""
    example = Example({"with": settings, "order": order, "bars": "10 10 10 10"}, 0)
    with pytest.raises(StrategyError, match=re.escape(cells[1])):
        outcome(example)
