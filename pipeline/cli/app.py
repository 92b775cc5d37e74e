"""The group of commands, their error messages and their exit codes.

========  ========================================================================
exit code
========  ========================================================================
0         done
1         the run failed, or the system refused (shared memory, a file, the disk)
2         bad input: command line, configuration, market data
3         the run was stopped by `ringtape control`
129       SIGHUP: its terminal was closed
130       Ctrl-C
143       SIGTERM
========  ========================================================================

A refusal is one line on stderr, `ringtape: error: ...`. Any other exception is a defect of Ringtape
and keeps its traceback. With `--debug` a refusal shows its traceback too.
"""

import gc
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from pipeline.cli import (
    catalog,
    controlling,
    exporting,
    fetching,
    importers,
    importing,
    initialising,
    ledger,
    machine,
    reporting,
    running,
    runs,
    settings,
    stressing,
    sweeping,
    top,
)
from pipeline.cli.exit_codes import (
    BAD_INPUT,
    FAILED,
    HUNG_UP,
    INTERRUPTED,
    STOPPED,
    TERMINATED,
)
from pipeline.cli.options import debug_option, is_debug
from pipeline.cli.output import ReaderGoneError, drop_stdout, shown
from pipeline.cli.signals import ending_with, signal_behind
from pipeline.cli.system_errors import of_the_process
from pipeline.cli.usage import told_usage
from pipeline.errors import RingtapeError, nearest
from shm.errors import ShmError


class CommandFailedError(click.ClickException):
    """A refusal that ends the command, with its exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it per class


class Commands(click.Group):
    """The group of commands: it turns errors into messages, and suggests a command for a typo."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; if there is none, name the nearest one, which click 8.1 does not."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            near = nearest(name, self.list_commands(ctx), 1)
            there = f"did you mean {near[0]!r}?" if near else _there_are(self.list_commands(ctx))
            raise click.UsageError(f"no such command {name!r}; {there}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn a refusal into a CommandFailedError."""
        try:
            return super().invoke(ctx)
        except (RingtapeError, ShmError, OSError, MemoryError) as error:
            if is_debug(ctx):
                _show_traceback(error)
            told = signal_behind(error) if isinstance(error, OSError) else None
            if told is not None:  # nothing can be written to a terminal that was closed
                word, code = ending_with(told)
                raise CommandFailedError(word, code) from None
            code = error.exit_code if isinstance(error, RingtapeError) else FAILED
            raise CommandFailedError(_reason(error) + _notes(error), code) from None
        except KeyboardInterrupt as told:
            if is_debug(ctx):
                traceback.print_exc()
            word, code = ending_with(told)
            raise CommandFailedError(word + _notes(told), code) from None


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nBegin with:\n  ringtape demo\n\n`ringtape COMMAND --help` has an example of each.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _param, wanted: _print_version(ctx) if wanted else None,
    help="Print the version and exit.",
)
@debug_option(hidden=False)
@click.pass_context
def commands(ctx: click.Context) -> None:
    """Backtest real market sessions on all cores, over one shared-memory tape."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(BAD_INPUT)


for _command in (
    running.demo,
    running.run,
    runs.runs,
    reporting.report,
    sweeping.sweep,
    stressing.stress,
    ledger.ledger,
    fetching.fetch,
    importing.import_,
    importers.importers,
    catalog.catalog,
    exporting.export,
    initialising.init,
    settings.settings,
    running.schema,
    machine.stats,
    top.top,
    controlling.control,
    machine.clean,
):
    commands.add_command(_command)


def run_command(args: Sequence[str]) -> int:
    """Run the command that ``args`` name, and return its exit code."""
    code = _run(args)
    # The interpreter looks for garbage several times when it ends, in all that was imported.
    gc.freeze()
    return code


def _run(args: Sequence[str]) -> int:
    try:
        code = commands.main(args, prog_name="ringtape", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except ReaderGoneError:
        drop_stdout()
        return 0
    except click.Abort as abort:  # a signal has come before the command began
        word, code = ending_with(abort.__cause__)
        _complain(word, code)
        return code
    except click.ClickException as error:
        _complain(_message(error), error.exit_code)
        return error.exit_code


def _complain(message: str, code: int) -> None:
    word = "" if code in (STOPPED, HUNG_UP, INTERRUPTED, TERMINATED) else "error: "
    try:
        click.echo(f"ringtape: {word}{shown(message)}", err=True)
    except OSError:
        sys.stderr = None  # it is closed, about which the interpreter would complain at exit


def _message(error: click.ClickException) -> str:
    if not isinstance(error, click.UsageError):
        return _one_line(error.format_message())
    text = _one_line(told_usage(error))
    if error.ctx is not None:
        text += f" (see `{error.ctx.command_path} --help`)"
    return text


def _reason(error: Exception) -> str:
    if told := of_the_process(error):
        return told
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return _one_line(str(error)) or type(error).__name__


def _notes(error: BaseException) -> str:
    """Return the notes of one line that were added to an error, such as where results are."""
    notes = [note for note in getattr(error, "__notes__", ()) if "\n" not in note]
    return "".join(f"; {note}" for note in notes)


def _show_traceback(error: Exception) -> None:
    """Write an error's traceback to stderr, below the one that is behind its message."""
    trace = getattr(error, "trace", "")
    if trace and trace not in getattr(error, "__notes__", ()):
        click.echo(trace, err=True)
    traceback.print_exc()


def _one_line(text: str) -> str:
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())


def _there_are(names: Sequence[str]) -> str:
    return f"there are {', '.join(names)}"


def _print_version(ctx: click.Context) -> NoReturn:
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("ringtape")
    except PackageNotFoundError:
        number = "(a source tree that is not installed)"
    click.echo(f"ringtape {number}")
    ctx.exit()
