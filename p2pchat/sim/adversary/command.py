"""``scripts/sim adversary``.

Knows: options. Does not know: how guesses are made, or how results are drawn.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from p2pchat.core.values.profile import PROFILES
from p2pchat.errors import UsageError
from p2pchat.sim import show
from p2pchat.sim.adversary.bench import SCHEMES, WITHOUT_STEM, Case, measure
from p2pchat.sim.adversary.formed import SEEKING
from p2pchat.sim.adversary.traffic import COVERS

_GROUPS = {"all": SCHEMES, "profiles": tuple(PROFILES)}


@click.command()
@click.option("--nodes", multiple=True, type=int, default=(1000,), show_default=True, help="May be repeated.")
@click.option(
    "shares",
    "--p",
    multiple=True,
    type=float,
    default=(0.1, 0.2, 0.3),
    show_default=True,
    help="Who colludes.",
)
@click.option(
    "schemes",
    "--profile",
    multiple=True,
    type=click.Choice((*SCHEMES, *_GROUPS)),
    default=("all",),
    show_default=True,
    help="A profile, or something else to compare it with.",
)
@click.option(
    "messages",
    "--messages",
    multiple=True,
    type=int,
    default=(1, 10),
    show_default=True,
    metavar="K",
    help="So many from one writer, which the adversary can link.",
)
@click.option("--trials", default=1000, show_default=True, metavar="T", help="Writers, for every figure.")
@click.option("--seed", default=1, show_default=True, help="Decides all that is random.")
@click.option("--fresh-stems", is_flag=True, help="Every message takes another stem.")
@click.option(
    "--cover",
    type=click.Choice(COVERS),
    default="stem",
    show_default=True,
    help="It takes the stem that messages take, or another way every time.",
)
@click.option("--trusted-first", is_flag=True, help="The first hop never colludes.")
@click.option("--told", is_flag=True, help="The adversary knows where a broadcast began, and when.")
@click.option("--traced", is_flag=True, help="It knows which packet became which broadcast.")
@click.option(
    "--watched",
    is_flag=True,
    help="It has watched for hours before, and knows which packets take the same stem.",
)
@click.option(
    "--seeking",
    type=click.Choice(SEEKING),
    help="Nodes form the mesh by themselves, and colluders seek links so. One process forms each mesh once.",
)
@click.option("--minutes", default=8.0, show_default=True, help="For so long the mesh forms.")
@click.option("--false-links", default=0, metavar="F", help="Colluders list so many links among themselves.")
@click.option("--near", type=int, metavar="M", help="So many of the writer's neighbours collude.")
@click.option(
    "--kept",
    type=click.Path(path_type=Path),
    metavar="RESULTS",
    help="Show or draw what --json printed, one figure a line, and try nothing.",
)
@click.option("as_json", "--json", is_flag=True, help="One JSON object for each figure.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it: .png, .svg or .pdf.")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True)
def adversary(
    nodes: tuple[int, ...],
    shares: tuple[float, ...],
    schemes: tuple[str, ...],
    messages: tuple[int, ...],
    kept: Path | None,
    as_json: bool,
    plot: Path | None,
    jobs: int,
    seeking: str | None,
    **same: Any,
) -> None:
    """How often relays that collude can name the writer of a cell.

    They know the graph, all delays and when what came by them, and guess as well as can be.
    """
    draw = drawing(plot)
    same["seeking"] = seeking or ""
    chosen = dict.fromkeys(scheme for name in schemes for scheme in _GROUPS.get(name, (name,)))
    cases = [
        replace(Case(scheme), nodes=count, colluding=share, messages=linked, **same).check_possible()
        for count in nodes
        for scheme in chosen
        for linked in dict.fromkeys(1 if scheme in WITHOUT_STEM else count for count in messages)
        for share in shares
    ]
    results = _read(kept) if kept is not None else list(_all(cases, jobs, as_json))
    if not as_json:
        click.echo(show.guesses(results))
    draw(results)


def drawing(plot: Path | None) -> Callable[[Sequence[dict[str, Any]]], None]:
    """What draws results at the end; whether it can is seen at once."""
    if plot is None:
        return lambda results: None
    try:
        from p2pchat.sim.adversary.picture import draw_guesses
    except ImportError:
        raise UsageError("--plot needs matplotlib: pip install matplotlib") from None
    return lambda results: draw_guesses(results, plot)


def _read(kept: Path) -> list[dict[str, Any]]:
    try:
        results = [json.loads(line) for line in kept.read_text().splitlines()]
        show.guesses(results)
    except (OSError, ValueError, TypeError, KeyError):
        raise UsageError(f"{kept}: need lines that scripts/sim adversary --json printed") from None
    return results


def _all(cases: Sequence[Case], jobs: int, as_json: bool) -> Iterator[dict[str, Any]]:
    with ProcessPoolExecutor(min(jobs, len(cases))) as pool:
        for result in pool.map(measure, cases):
            if as_json:
                click.echo(json.dumps(result))
            yield result
