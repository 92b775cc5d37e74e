"""Importers of other packages are found by what the packages declare."""

import sys

import pytest

from pipeline.errors import ConfigError, DataError
from pipeline.market.importers.registry import Conventions
from pipeline.market.importers.registry.listing import describe_importer, list_importers
from pipeline.market.importers.registry.own import own_importers, own_names
from pipeline.market.importers.registry.plugins import Plugins
from tests.market.importers.registry.declared import Plain, declare


@pytest.fixture
def plugins() -> Plugins:
    return Plugins(own_names())


def test_endings_stand_behind_the_name_of_an_entry_point(tmp_path, monkeypatch, plugins):
    points = {"one": "m:ONE", "two.x": "m:TWO", "two.Tar.Y": "m:TWO"}
    declare(tmp_path, monkeypatch, "some", points, {})
    found = {plugin.name: plugin for plugin in plugins.all()}
    assert found["one"].endings == ()
    assert found["two"].endings == (".x", ".tar.y")
    assert (found["two"].words, found["two"].fault) == ("'two' of some 0.1", "")
    assert plugins.for_file("A.TAR.Y") == plugins.for_file("a.x") == [found["two"]]
    assert not plugins.takes("a.y")
    assert plugins.without_ending() == [found["one"]]


@pytest.mark.parametrize(
    ("points", "name", "why"),
    [
        ({"kraken.x": "m:A"}, "kraken", "Ringtape has an importer of this name"),
        ({".x": "m:A"}, "", r"the entry point '\.x' has no name before its ending"),
        ({"a.x": "m:A", "a.y": "m:B"}, "a", "its package declares several objects: m:A, m:B"),
        ({"a.x": "not there"}, "a", "AttributeError|ModuleNotFoundError|ValueError"),
        ({"a.x": "gone_module:A"}, "a", "ModuleNotFoundError: No module named 'gone_module'"),
        ({"a.x": "leaves:A"}, "a", "SystemExit: 3"),
        ({"a.x": "has_none:A"}, "a", "AttributeError: module 'has_none' has no attribute 'A'"),
    ],
)
def test_what_is_wrong_with_one_is_told_when_it_is_needed(
    tmp_path, monkeypatch, plugins, points, name, why
):
    modules = {"leaves": "raise SystemExit(3)\n", "has_none": ""}
    declare(tmp_path, monkeypatch, "some", points, modules)
    (plugin,) = (one for one in plugins.all() if one.name == name)
    for _ in range(2):
        with pytest.raises(DataError, match=rf"'{name}' of some 0\.1 .* cannot be used: .*({why})"):
            plugins.load(plugin)


def test_one_name_of_two_packages_is_refused(tmp_path, monkeypatch, plugins):
    for package in ("first", "second"):
        declare(tmp_path, monkeypatch, package, {"a.x": "m:A"}, {})
    faults = {plugin.fault for plugin in plugins.all() if plugin.name == "a"}
    assert faults == {"several packages have it (first 0.1, second 0.1); uninstall all but one"}


@pytest.mark.parametrize(
    ("others", "why"),
    [
        ({"name": "Other"}, "its name must be 1 to 40 small letters, digits"),
        ({"name": "other"}, "its name is 'other', and its package declares it as 'plain'"),
        ({"conventions": "open"}, "its conventions must be Conventions, were 'open'"),
        (
            {"conventions": Conventions("instants", "end", "no", None)},
            "stamped must be one of open, close, not known, was 'end'",
        ),
        (
            {"conventions": Conventions("instants", "open", "yes", None)},
            "adjusted must be one of no, splits, splits and dividends, not known, was 'yes'",
        ),
        (
            {"conventions": Conventions("New York", "open", "no", None)},
            "clock must be instants, not known or a zone: ",
        ),
        (
            {"conventions": Conventions("instants", "open", "no", "yes")},
            "empty_bars must be True, False or None, was 'yes'",
        ),
        ({"uses": ("symbol",)}, "it must use some of columns, date_order, encoding, decimal, "),
        ({"sniff": 1}, "sniff must be a method"),
    ],
)
def test_an_object_that_is_no_importer_is_told(tmp_path, monkeypatch, plugins, others, why):
    points = {"plain.x": "some_module:IMPORTER"}
    declare(tmp_path, monkeypatch, "some", points, {"some_module": Plain(**others)})
    (plugin,) = plugins.for_file("a.x")
    with pytest.raises(DataError, match=why):
        plugins.load(plugin)


def test_a_class_and_an_object_without_parts_are_told(tmp_path, monkeypatch, plugins):
    points = {"plain.x": "some_module:IMPORTER", "bare.y": "other_module:IMPORTER"}
    modules = {"some_module": Plain, "other_module": object()}
    declare(tmp_path, monkeypatch, "some", points, modules)
    for name, why in (("a.x", "Plain is a class; name an object of it"), ("a.y", "it has no name")):
        with pytest.raises(DataError, match=why):
            plugins.load(plugins.for_file(name)[0])


def test_a_list_imports_none_of_them(tmp_path, monkeypatch):
    points = {"fails.x": "fails_module:A", "gone.x": "gone_module:A"}
    declare(tmp_path, monkeypatch, "some", points, {"fails_module": "raise ValueError('no')\n"})
    found = {one.name: one for one in list_importers()}
    assert (found["fails"].package, found["fails"].version) == ("some", "0.1")
    assert (found["fails"].conventions, found["fails"].fault) == (None, "")
    assert found["gone"].fault == "there is no module gone_module"
    assert "fails_module" not in sys.modules
    with pytest.raises(DataError, match=r"'fails' of some 0\.1 .* cannot be used: ValueError: no"):
        describe_importer("fails")
    with pytest.raises(ConfigError, match=r"there is no importer 'fals'; did you mean fails\?"):
        describe_importer("fals")


def test_ringtapes_own_have_conventions_and_signs():
    own = {one.name: one for one in own_importers()}
    assert {"arrow", "csv", "databento", "kraken", "lean"} <= own.keys()
    assert own["databento"].endings == (".csv", ".dbn", ".dbn.zst")
    assert own["kraken"].conventions == Conventions("the file's", "open", "no", False)
    assert own["mt5"].conventions.clock == "the server's"
    assert own["kibot"].conventions.adjusted == "splits and dividends or no"
    assert all(one.signs for one in own.values())
