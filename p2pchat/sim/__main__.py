"""``scripts/sim``: the simulator's commands.

Knows: options and exit codes. Does not know: what is simulated, or how results are drawn.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from p2pchat.errors import P2PChatError, UsageError
from p2pchat.sim import show
from p2pchat.sim.adversary.command import adversary
from p2pchat.sim.scenario import names
from p2pchat.sim.simulate import Job, Result, baseline, simulate
from p2pchat.sim.strategies import STRATEGIES


class _Commands(click.Group):
    """Says what is wrong in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except P2PChatError as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)


def _pairs(_ctx: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [change.partition("=") for change in given]
    for key, equals, _ in pairs:
        if not equals:
            raise click.BadParameter(f"{key}: need KEY=VALUE, such as load.per_minute=2")
    return {key: value for key, _, value in pairs}


_SCENARIO = click.option(
    "--scenario",
    default="steady",
    show_default=True,
    metavar="NAME",
    help=f"{', '.join(names())}, or a file .toml.",
)
_SEED = click.option("--seed", default=1, show_default=True, help="Decides all that is random.")
_SET = click.option(
    "changes",
    "--set",
    metavar="KEY=VALUE",
    multiple=True,
    callback=_pairs,
    help="Instead of the scenario's value, such as load.per_minute=2.",
)
_JSON = click.option("as_json", "--json", is_flag=True, help="One JSON object for each run.")
_PLOT = click.option(
    "--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it: .png, .svg or .pdf."
)
_JOBS = click.option(
    "--jobs",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    show_default=True,
    help="Runs at a time; 10 000 nodes take a few GB each.",
)


@click.group(
    cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@_SCENARIO
@click.option("--nodes", type=int, metavar="N", help="Instead of the scenario's number.")
@_SEED
@click.option("--strategy", type=click.Choice(STRATEGIES), help="Instead of the one that ships.")
@_SET
@_JSON
@_PLOT
@click.pass_context
def main(
    ctx: click.Context,
    scenario: str,
    nodes: int | None,
    seed: int,
    strategy: str | None,
    changes: dict[str, str],
    as_json: bool,
    plot: Path | None,
) -> None:
    """Simulate a mesh of the nodes that ship, in virtual time.

    The same scenario, nodes and seed give the same trace_digest, whenever and wherever they are run.
    """
    if ctx.invoked_subcommand is None:
        draw = _drawing(plot)
        result = simulate(Job(scenario, seed, nodes, strategy, changes), _say)
        click.echo(json.dumps(result) if as_json else show.table(result))
        draw([result])


@main.command()
@click.argument("kept", metavar="BASELINE", type=click.Path(path_type=Path))
@click.option("only", "--scenario", metavar="NAME", help="Only the runs of this one.")
@_JSON
@_JOBS
def compare(kept: Path, only: str | None, as_json: bool, jobs: int) -> None:
    """Run again what BASELINE holds, and show what has changed.

    BASELINE is what --json printed, one run a line: `scripts/sim --json … >> BASELINE`.
    """
    runs = [(job, old) for job, old in baseline(kept) if only in (None, job.scenario)]
    if not runs:
        raise UsageError(f"{kept} holds no run" + (f" of {only}" if only else ""))
    for (_, old), new in zip(runs, _all([job for job, _ in runs], jobs), strict=True):
        click.echo(json.dumps(new) if as_json else show.comparison(old, new))


@main.command()
@_SCENARIO
@click.option(
    "--nodes", type=int, multiple=True, default=(50, 200, 1000), show_default=True, help="May be repeated."
)
@click.option(
    "--lead",
    "leads",
    type=float,
    multiple=True,
    default=(0.025, 0.012),
    show_default=True,
    metavar="S",
    help="What a link of the tree must gain, in seconds a cell; may be repeated.",
)
@_SEED
@_SET
@_JSON
@_PLOT
@_JOBS
def trade(
    scenario: str,
    nodes: tuple[int, ...],
    leads: tuple[float, ...],
    seed: int,
    changes: dict[str, str],
    as_json: bool,
    plot: Path | None,
    jobs: int,
) -> None:
    """Copies against time: every strategy on the same graphs and loads, against plain flooding."""
    draw = _drawing(plot)
    todo = [job for count in nodes for job in _strategies(Job(scenario, seed, count, None, changes), leads)]
    results = list(_all(todo, jobs))
    click.echo("\n".join(map(json.dumps, results)) if as_json else show.trade(results))
    draw(results)


def _strategies(job: Job, leads: tuple[float, ...]) -> Iterator[Job]:
    """The same with every strategy. Those that learn nothing from cells need none to warm up, only the
    time."""
    warmed = {"warm_up_s": f"{job.load_scenario().warming_s}", "load.warm_up_cells": "0"}
    for strategy in STRATEGIES:
        if strategy != "plumtree":
            yield replace(job, strategy=strategy, changes=job.changes | warmed)
    for lead in leads:
        yield replace(job, strategy="plumtree", changes=job.changes | {"damping.lead_s": f"{lead:g}"})


@main.command()
@click.argument("kept", metavar="RESULTS", type=click.Path(path_type=Path))
@click.argument("picture", metavar="FILE", type=click.Path(path_type=Path))
def draw(kept: Path, picture: Path) -> None:
    """Draw what --json printed, one run a line, without running it again: .png, .svg or .pdf."""
    _drawing(picture)(result for _, result in baseline(kept))


main.add_command(adversary)


def _all(todo: list[Job], jobs: int) -> Iterator[Result]:
    """Run them, some at a time, the results in their order."""
    for job in todo:
        job.load_scenario()  # say what is wrong before the first has run for an hour
    with ProcessPoolExecutor(min(jobs, len(todo)), max_tasks_per_child=1) as pool:
        for job, result in zip(todo, pool.map(simulate, todo), strict=True):
            _say(f"{job.scenario}, {result['nodes']} nodes, {result['strategy']}: {result['wall_s']} s")
            yield result


def _drawing(plot: Path | None) -> Callable[[Iterable[Result]], None]:
    """What draws results at the end; whether it can is seen at once."""
    if plot is None:
        return lambda results: None
    try:
        from p2pchat.sim.plot import draw
    except ImportError:
        raise UsageError("--plot needs matplotlib: pip install matplotlib") from None
    return lambda results: draw(list(results), plot)


def _say(line: str) -> None:
    if sys.stderr.isatty():
        click.echo(line, err=True)


if __name__ == "__main__":
    main(prog_name="scripts/sim")
