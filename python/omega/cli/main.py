"""`omega`: the commands, and how their failures leave the process."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from omega.cli import backends, config, data, explain, rate, run
from omega.cli.failures import DONE, INTERRUPTED, USAGE, describe_failure, exit_code_of

__all__ = ["app", "main"]


def _show_version(wanted: bool) -> None:
    if wanted:
        from omega import __version__

        print(f"omega {__version__}")
        raise typer.Exit


_UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # typer may carry a click of its own

app = typer.Typer(
    name="omega",
    help="Backtests of FX and CFD strategies whose numbers you can check.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("run")(run.run)
app.command("rate")(rate.rate)
app.command("explain")(explain.explain)
app.command("backends")(backends.backends)
app.add_typer(config.app, name="config")
app.add_typer(data.app, name="data")


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Backtests of FX and CFD strategies whose numbers you can check."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: Words after `omega`; those of the process if None.
    """
    try:
        command = typer.main.get_command(app)
        with command.make_context("omega", list(sys.argv[1:] if arguments is None else arguments)) as context:
            outcome = command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as leave:
        return leave.exit_code
    except _UsageError as error:
        error.show()  # type: ignore[attr-defined]
        return USAGE
    except (KeyboardInterrupt, typer.Abort):
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader left (`omega … | head`): nothing is wrong, but Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        print(describe_failure(error), file=sys.stderr)
        return exit_code_of(error)
    return outcome if isinstance(outcome, int) else DONE
