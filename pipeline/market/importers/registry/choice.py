"""Which importer reads a source: the one that is named, else the one with the highest score.

::

    own                 asked in their order; the first that knows the file is their candidate
    with an ending      of other packages, that declare the ending of the file: always asked
    without an ending   of other packages: asked if nobody else takes the file
      -> the highest score; two that are equal are refused
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError, DataError, nearest
from pipeline.market.importers.encoding import SAMPLE_BYTES
from pipeline.market.importers.options import Options
from pipeline.market.importers.reading import Reading
from pipeline.market.importers.registry.own import Claim, own_claim, own_names
from pipeline.market.importers.registry.plugins import Plugin, Plugins
from pipeline.market.importers.rows import Spool
from pipeline.market.importers.source import DATA_ENDINGS, Source, ending_of

if TYPE_CHECKING:
    from pipeline.market.importers.registry.batches import Use


def read_source(source: Source, options: Options, spool: Spool, plugins: Plugins) -> list[Reading]:
    """Read one source by its importer; its rows wait in the ``spool``.

    DataError if no importer takes it, or if it cannot be read.
    """
    if options.layout is None:
        claim = _choose(source, options, plugins)
    elif options.layout in own_names():
        claim = own_claim(source, options)
    else:
        claim = _named(options.layout, source, options, plugins)
    return claim.read(spool)


def _choose(source: Source, options: Options, plugins: Plugins) -> Claim:
    """Return the claim with the highest score. DataError if there is none, or two are equal."""
    own: Claim | DataError
    try:
        own = own_claim(source, options)
    except DataError as error:
        own = error
    faults: list[str] = []
    claims = _claims(plugins.for_file(source.name), source, options, plugins, faults)
    if isinstance(own, Claim):
        claims.append(own)
    elif not claims:
        claims = _claims(plugins.without_ending(), source, options, plugins, faults)
        if not claims:
            raise _refused(own, source, faults)
    claims.sort(key=lambda claim: -claim.score)
    best = [claim for claim in claims if claim.score == claims[0].score]
    if len(best) > 1:
        raise DataError(
            f"{source.label}: the importers {' and '.join(one.words for one in best)} both claim "
            f"it with the score {best[0].score}; say which is right: "
            f"{' or '.join(f'--layout {one.name}' for one in best)}"
        )
    return _with_notes(best[0], faults)


def _claims(
    asked: list[Plugin], source: Source, options: Options, plugins: Plugins, faults: list[str]
) -> list[Claim]:
    """Return the claims of some importers; why others cannot be asked goes to the ``faults``."""
    claims = []
    for plugin in asked:
        begin = source.begin(SAMPLE_BYTES)
        try:
            use = _use(plugin, source, plugins)
            score = use.sniff(begin)
        except DataError as error:
            faults.append(str(error))
            continue
        if score:
            claims.append(Claim(score, plugin.words, plugin.name, partial(use.read, options)))
    return claims


def _use(plugin: Plugin, source: Source, plugins: Plugins) -> Use:
    """Return the use of an importer, which is imported for it. DataError if it cannot be used."""
    from pipeline.market.importers.registry.batches import Use

    return Use(plugins.load(plugin), source, plugin.words, "importer")


def _refused(refusal: DataError, source: Source, faults: list[str]) -> DataError:
    """Return the refusal of a source that no importer takes, with what may lead on."""
    told = [str(refusal), *faults]
    ending = ending_of(source.name)
    known = ", not market data;" in told[0]  # it is a picture, or HTML
    if ending and ending not in DATA_ENDINGS and not faults and not known:
        told.append(
            f"no importer takes files that end in {ending}, of those that `ringtape importers` "
            "lists; a package may have one"
        )
    return DataError("; ".join(told)) if len(told) > 1 else refusal


def _with_notes(claim: Claim, faults: list[str]) -> Claim:
    """Return a claim whose readings tell which importers could not be asked."""
    if not faults:
        return claim

    def read(spool: Spool) -> list[Reading]:
        readings = claim.read(spool)
        notes = tuple(f"{fault[0].upper()}{fault[1:]}." for fault in faults)
        for reading in readings:
            reading.said = replace(reading.said, notes=(*reading.said.notes, *notes))
        return readings

    return replace(claim, read=read)


def _named(name: str, source: Source, options: Options, plugins: Plugins) -> Claim:
    """Return the claim of the importer that the user names. ConfigError if there is none."""
    plugin = next((one for one in plugins.all() if one.name == name), None)
    if plugin is None:
        names = sorted({*own_names(), *(one.name for one in plugins.all())})
        near = nearest(name, names, 1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise ConfigError(
            f"there is no layout {name!r}, expected one of {', '.join(names)}{meant}; other "
            "packages may have importers, which `ringtape importers` lists once they are installed"
        )
    if source.given is not None:
        raise DataError(
            f"{source.label} is no file, which {plugin.words} reads; leave --layout out"
        )
    use = _use(plugin, source, plugins)
    doubt = (
        ()
        if use.sniff(source.begin(SAMPLE_BYTES))
        else (f"The file has not the signs of {plugin.words}.",)
    )
    return Claim(100, plugin.words, name, partial(use.read, options, notes=doubt))
