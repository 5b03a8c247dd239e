"""`omega data`: what can be done with market data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from omega.cli.config import AsJson
from omega.cli.failures import DONE, NO_DATA
from omega.cli.output import print_json, print_table
from omega.cli.progress import progress

__all__ = ["app", "check", "import_", "list_", "resample", "sample"]

app = typer.Typer(help="Market data.", no_args_is_help=True, rich_markup_mode=None)
Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="Files of one symbol: parts, or both sides.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the store; it is made.")]
Digits = Annotated[int | None, typer.Option("--digits", help="Decimals of the prices; default: the symbol spec.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]


@app.callback()
def _group() -> None:
    """Market data."""


@app.command("import")
def import_(  # noqa: PLR0913 - one parameter per option
    files: Files,
    *,
    symbol: Annotated[str, typer.Option("--symbol", metavar="NAME", help="Symbol, for example EURUSD.")],
    out: Out,
    timeframe: Annotated[str | None, typer.Option("--timeframe", help="Of bars; default: the usual step.")] = None,
    side: Annotated[str | None, typer.Option("--side", help="bid or ask, if the file does not say.")] = None,
    zone: Annotated[
        str | None, typer.Option("--zone", help="Clock of the times: UTC, +02:00, America/New_York+7h, …")
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="NAME=TITLE,…", help="Which column is what: time=Data,open=2,…")
    ] = None,
    digits: Digits = None,
    prices: Annotated[str, typer.Option("--prices", help="points if prices count points, else units.")] = "auto",
    label: Annotated[str, typer.Option("--label", help="close if bars are named by their close time.")] = "open",
    repair: Annotated[list[str] | None, typer.Option("--repair", help="Repair on request; may be repeated.")] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """Turn files of MetaTrader, Dukascopy, HistData, TrueFX, TradingView, CSV, Parquet or Arrow into a store."""
    from omega.data.importing import ImportOptions, import_files

    options = ImportOptions(
        timeframe=timeframe,
        side=side,  # type: ignore[arg-type]
        zone=zone,
        columns=_mapping(columns),
        digits=digits,
        prices=prices,  # type: ignore[arg-type]
        label=label,  # type: ignore[arg-type]
        repairs=tuple(repair or ()),
        force=force,
    )
    with progress() as report:
        report.on_step(f"Importing {symbol}")
        done = import_files(files, symbol=symbol, out=out, options=options, on_progress=report.on_progress)
    if as_json:
        print_json([_imported(one) for one in done])
        return DONE
    for sentence in dict.fromkeys(sentence for one in done for sentence in one.said):
        typer.echo(sentence, err=True)
    for one in done:
        facts = _imported(one)
        print(f"{facts['file']}: {one.rows:,} rows, {facts['first']} to {facts['last']}")
    return DONE


@app.command()
def check(  # noqa: PLR0913 - one parameter per option
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A data folder, or a file of it.")],
    *,
    report: Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Write the audit as HTML.")] = None,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="Another source, to tell open from close times.")
    ] = None,
    spread: Annotated[
        Path | None, typer.Option("--spread", metavar="FILE", help="Write the spread by hour of the week as YAML.")
    ] = None,
    digits: Digits = None,
    crossed: Annotated[str, typer.Option("--crossed", help="refuse, drop or widen bid above ask.")] = "refuse",
    as_json: AsJson = False,
) -> int:
    """Check data as a load does, look further, and say what it is good for. Exit code 3 if a series is unusable."""
    from omega.data.audit_report import write_audit_report
    from omega.data.catalogue import check_data
    from omega.data.hours_file import write_spread_hours

    with progress() as bar:
        bar.on_step("Checking")
        audits = check_data(path, digits=digits, against=against, on_series=bar.on_progress, crossed=crossed)
    if report is not None:
        write_audit_report(audits, report)
    if spread is not None:
        write_spread_hours(audits, spread)
    if as_json:
        print_json([audit.to_dict() for audit in audits])
    else:
        for audit in audits:
            head = f"{audit.symbol} {audit.timeframe} {audit.sides}".rstrip()
            print(f"{head}: {audit.verdict}\n  {audit.where}")
            for finding in audit.findings:
                print(f"  {finding.severity:7}  {finding.text} [{finding.code}]")
        if report is not None:
            print(f"report: {report}")
    return NO_DATA if any(audit.severity == "error" for audit in audits) else DONE


@app.command("list")
def list_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A data folder.")] = Path("data"),
    *,
    as_json: AsJson = False,
) -> int:
    """Show what is in a data folder."""
    from omega.data.calendar import iso_text
    from omega.data.catalogue import list_data

    rows = list(list_data(folder))
    if as_json:
        print_json(
            [
                {
                    **{"symbol": row.symbol, "timeframe": row.timeframe, "side": row.side, "rows": row.rows},
                    **{"first": iso_text(row.first_us), "last": iso_text(row.last_us), "missing": row.missing},
                    **{"size": row.size, "sha256": row.sha256, "path": str(row.path)},
                }
                for row in rows
            ]
        )
        return DONE
    header = ("symbol", "timeframe", "side", "rows", "first", "last", "missing", "size", "sha256", "file")
    print_table(header, [_cells(row) for row in rows])
    return DONE


@app.command()
def resample(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Bars or ticks; the other side is found beside it.")],
    *,
    timeframe: Annotated[list[str], typer.Option("--timeframe", help="What to make; may be repeated.")],
    out: Out,
    digits: Digits = None,
    force: Force = False,
) -> int:
    """Make coarser bars of stored ticks or bars."""
    from omega.data.transform import resample_files

    for path in resample_files(file, timeframes=timeframe, out=out, digits=digits, force=force):
        print(path)
    return DONE


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it.")] = Path("omega_data"),
) -> None:
    """Write the bundled real data into a folder of your own."""
    from omega.data import write_sample

    for file in write_sample(folder):
        print(file)


def _mapping(columns: str | None) -> dict[str, str] | None:
    if columns is None:
        return None
    pairs = [pair.partition("=") for pair in columns.split(",")]
    if not all(name and title for name, _, title in pairs):
        raise typer.BadParameter("expected NAME=TITLE,NAME=TITLE,…", param_hint="--columns")
    return {name.strip(): title.strip() for name, _, title in pairs}


def _imported(one: Any) -> dict[str, Any]:
    from omega.data.calendar import iso_text

    facts = {"file": str(one.path), "rows": one.rows, "first": iso_text(one.first_us), "last": iso_text(one.last_us)}
    return {**facts, "said": list(one.said), "repairs": one.repairs}


def _cells(row: Any) -> tuple[object, ...]:
    from omega.data.calendar import iso_text

    size = f"{row.size / 1e6:.1f} MB" if row.size >= 100_000 else f"{row.size / 1e3:.1f} kB"
    missing = "" if row.missing is None else f"{row.missing:,}"
    first, last = iso_text(row.first_us)[:16], iso_text(row.last_us)[:16]
    return (row.symbol, row.timeframe, row.side, f"{row.rows:,}", first, last, missing, size, row.sha256[:12], row.path)
