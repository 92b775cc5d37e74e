"""Makes lanes of the parameter sets of a sweep, each with the key that the ledger knows it by."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.config.session import SessionConfig
from pipeline.config.sweep import SweepConfig
from pipeline.native.collector import uncollected
from pipeline.runner.lanes import Given, Lanes, LaneSetting, build_lanes, classes_of, travel_names
from pipeline.strategy.strategy import Strategy, Value, values_of
from pipeline.sweeps.keys.keys import data_hash, lane_key, settings_hash, strategy_hash
from pipeline.sweeps.search.space import ParameterSet, Space

#: Settings of a sweep on which no choice of its search depends.
_AFTER_THE_SEARCH = {"samples", "best", "memory"}


@dataclass(frozen=True)
class Entry:
    """One lane of a sweep, and the set that it was made of."""

    #: Number of the lane in the sweep.
    number: int
    set: ParameterSet
    #: Hash of everything that the result depends on (`sweeps.keys.keys.lane_key`).
    key: str
    #: The strategy's name in the configuration.
    name: str
    lane: LaneSetting

    @property
    def parameters(self) -> dict[str, Value]:
        """All parameters, swept and fixed."""
        return values_of(self.lane.strategy)

    @property
    def group(self) -> tuple[str, str]:
        """Name of a kind: lanes of one kind can be expected to take about equally long."""
        return self.name, self.set.universe


class Roster:
    """Makes lanes of parameter sets.

    ``given`` are strategies from Python in place of the configuration's, as `run` takes them.
    """

    def __init__(self, settings: SessionConfig, given: Given | None) -> None:
        assert settings.sweep is not None, "the caller asks for the section"
        self.settings = settings
        self.sweep: SweepConfig = settings.sweep
        self.given = given
        self._classes: list[type[Strategy]] = classes_of(settings, given)
        self._names = travel_names(settings, given)
        named = zip(settings.strategies, self._classes, strict=True)
        self.space = Space.of(
            self.sweep,
            [(setting.name, cls, setting.parameters) for setting, cls in named],
            settings.session_data_config.symbols,
        )

    @cached_property
    def data_hash(self) -> str:
        """Hash of the bars and corporate actions that the lanes see."""
        return data_hash(self.settings)

    @cached_property
    def _code_hashes(self) -> list[str]:
        named = zip(self._classes, self.settings.strategies, strict=True)
        return [strategy_hash(cls, setting.name) for cls, setting in named]

    @property
    def code_hash(self) -> str:
        """Hash of the code of all strategies together."""
        return _joined(self._code_hashes)

    @cached_property
    def _settings_hash(self) -> str:
        return settings_hash(self.settings)

    @property
    def search_identity(self) -> str:
        """Hash of all that a search's choices depend on; more samples go on with the same one."""
        return _joined(
            [
                self.data_hash,
                self.code_hash,
                self._settings_hash,
                self.sweep.model_dump_json(exclude=_AFTER_THE_SEARCH),
                json.dumps([one.model_dump(mode="json") for one in self.settings.strategies]),
            ]
        )

    @uncollected()
    def entries(self, sets: Sequence[ParameterSet], first: int) -> list[Entry]:
        """Return the lanes of sets, numbered from ``first``.

        Where lanes are compared while they run, the fate of each depends on all others. Then its
        key depends on all of them, too.
        """
        found = [self._entry(number, one) for number, one in enumerate(sets, first)]
        if self.sweep.pruning is None:
            return found
        cohort = _joined([self.sweep.pruning.model_dump_json(), *(one.key for one in found)])
        return [
            Entry(one.number, one.set, _joined([cohort, one.key]), one.name, one.lane)
            for one in found
        ]

    def _entry(self, number: int, one: ParameterSet) -> Entry:
        setting, cls = self.settings.strategies[one.strategy], self._classes[one.strategy]
        strategy = cls(**{**setting.parameters, **one.parameters})
        symbols = self.sweep.universes[one.universe] if one.universe else setting.symbols or ()
        key = lane_key(
            self.data_hash,
            self._code_hashes[one.strategy],
            self._settings_hash,
            values_of(strategy),
            universe=one.universe,
            symbols=symbols,
            mode=setting.mode,
        )
        lane = LaneSetting(strategy, setting.mode, tuple(symbols))
        return Entry(number, one, key, setting.name, lane)

    @uncollected()
    def lanes(self, entries: Sequence[Entry]) -> Lanes:
        """Return the lanes of one pass, numbered from 0."""
        return build_lanes(self.settings, [entry.lane for entry in entries], self._names)

    def alone(self, entry: Entry) -> tuple[SessionConfig, Given | None, list[str]]:
        """Return the arguments with which `run` runs one lane alone.

        They are its configuration, strategy and overrides.
        """
        section: dict[str, Any] = {
            "name": entry.name,
            "parameters": entry.parameters,
            "mode": entry.lane.mode,
            "symbols": list(entry.lane.symbols) or None,
        }
        whole = {**self.settings.model_dump(), "strategy": section, "sweep": None}
        if self.given is None or self._names:
            return SessionConfig(**whole), None, []
        overrides = [
            f"strategy.0.{name}={json.dumps(section[name])}" for name in ("mode", "symbols")
        ]
        return SessionConfig(**whole), [entry.lane.strategy], overrides


def _joined(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
