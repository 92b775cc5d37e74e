"""The lanes of a sweep: what each set of parameters is run as, and under which key it is known."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.config.session import SessionConfig
from pipeline.config.sweep import SweepConfig
from pipeline.errors import ConfigError
from pipeline.runner.lanes import Given, Lanes, LaneSetting, build_lanes, classes_of, travel_names
from pipeline.runner.scores import check_scores
from pipeline.strategy.strategy import Strategy, Value, values_of
from pipeline.sweeps.keys.keys import data_hash, lane_key, settings_hash, strategy_hash
from pipeline.sweeps.search.space import ParameterSet, Space


@dataclass(frozen=True)
class Entry:
    """One lane of a sweep: ``number`` in it, the set, and the lane that it makes."""

    number: int
    set: ParameterSet
    key: str
    name: str
    lane: LaneSetting

    @property
    def parameters(self) -> dict[str, Value]:
        """All parameters, swept and fixed."""
        return values_of(self.lane.strategy)

    @property
    def group(self) -> tuple[str, str]:
        """Lanes that can be expected to take about as long as each other."""
        return self.name, self.set.universe


class Roster:
    """Makes lanes of sets; ``given``: strategies in place of the configuration's, as for `run`."""

    def __init__(self, settings: SessionConfig, given: Given | None) -> None:
        if settings.sweep is None:
            raise ConfigError('there is no section "sweep", which says what to try')
        self.settings = settings
        self.sweep: SweepConfig = settings.sweep
        check_scores(self.sweep, settings.benchmark)
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
        """Of the bars and corporate actions that the lanes see."""
        return data_hash(self.settings)

    @cached_property
    def _code_hashes(self) -> list[str]:
        named = zip(self._classes, self.settings.strategies, strict=True)
        return [strategy_hash(cls, setting.name) for cls, setting in named]

    @property
    def code_hash(self) -> str:
        """Of all strategies together."""
        return _joined(self._code_hashes)

    @cached_property
    def _settings_hash(self) -> str:
        return settings_hash(self.settings)

    @property
    def identity(self) -> str:
        """Of everything: two sweeps with equal ones try the same sets and find the same."""
        return _joined(
            [
                self.data_hash,
                self.code_hash,
                self._settings_hash,
                self.sweep.model_dump_json(),
                json.dumps([one.model_dump(mode="json") for one in self.settings.strategies]),
            ]
        )

    def entries(self, sets: Sequence[ParameterSet], first: int) -> list[Entry]:
        """Return the lanes of sets, numbered from ``first``, as one cohort.

        Where lanes are compared while they run, what becomes of one depends on the others: the
        key is then one of all of them together.
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
        parameters = {**setting.parameters, **one.parameters}
        symbols = self.sweep.universes[one.universe] if one.universe else setting.symbols or ()
        key = lane_key(
            self.data_hash,
            self._code_hashes[one.strategy],
            self._settings_hash,
            cls,
            parameters,
            universe=one.universe,
            symbols=symbols,
            mode=setting.mode,
        )
        lane = LaneSetting(cls(**parameters), setting.mode, tuple(symbols))
        return Entry(number, one, key, setting.name, lane)

    def lanes(self, entries: Sequence[Entry]) -> Lanes:
        """Return the lanes of one pass, numbered from 0."""
        return build_lanes(self.settings, [entry.lane for entry in entries], self._names)

    def alone(self, entry: Entry) -> tuple[SessionConfig, Given | None, list[str]]:
        """Return what `run` is given to run one lane alone: configuration, strategy, overrides."""
        section: dict[str, Any] = {
            "name": entry.name,
            "parameters": entry.parameters,
            "mode": entry.lane.mode,
            "symbols": list(entry.lane.symbols) or None,
        }
        whole = {**self.settings.model_dump(), "strategy": section, "sweep": None}
        if self.given is None:
            return SessionConfig(**whole), None, []
        overrides = [
            f"strategy.0.{name}={json.dumps(section[name])}" for name in ("mode", "symbols")
        ]
        return SessionConfig(**whole), [entry.lane.strategy], overrides


def _joined(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
