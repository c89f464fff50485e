"""The command `prewatt sim`."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Annotated

import typer

from ..sim.bugs import BUGS
from ..sim.faults import Broken, World, shrunk
from ..sim.faults.swarm import draw
from .command import Command, CommandError, group

app = group()


@app.command(cls=Command)
def sim(
    seed: Annotated[int, typer.Option(help="Random seed of the first run.")] = 0,
    seeds: Annotated[int, typer.Option(help="Number of runs, each with the next seed.", min=1)] = 1,
    days: Annotated[int, typer.Option(help="Number of simulated days of each run.", min=1)] = 7,
    meters: Annotated[int, typer.Option(help="Number of meters at the gateway.", min=1)] = 3,
    bug: Annotated[str, typer.Option(help="Name of a bug to plant. The simulator must find it.")] = "",
    without: Annotated[str, typer.Option(help="Kinds of faults to leave out, separated by commas.")] = "",
    only: Annotated[
        str,
        typer.Option(
            help="Numbers of the events to play, separated by commas. They are printed with a shortened story."
        ),
    ] = "",
    everything: Annotated[
        bool, typer.Option(help="Let all kinds of faults happen, not only those that the seed chooses.")
    ] = False,
    shrink: Annotated[bool, typer.Option(help="Shorten the story of a failing seed as far as possible.")] = True,
) -> None:
    """Run the fault simulator.

    It runs the rules of gateway and head-end through days of accidents, without a network or a real clock
    (docs/developer/simulator.md). Exit status 1 if a promise is broken.
    """
    if bug and bug not in BUGS:
        raise CommandError(f"--bug: there is no bug {bug!r}. Known bugs: {', '.join(BUGS)}")
    left_out = [kind for kind in without.split(",") if kind]
    chosen = only.split(",") if only else None
    with BUGS[bug]() if bug else nullcontext():
        for number in range(seed, seed + seeds):
            began = time.monotonic()
            world = World(number, days, meters, chosen, swarm=draw(number, left_out, everything))
            broken = _broken(world)
            if broken is None:
                took = time.monotonic() - began
                typer.echo(f"seed {number}: all held through {world.steps} steps, {days} days in {took:.2f} s")
                continue
            typer.echo(f"seed {number}: BROKEN. {broken}" + (f" --bug {bug}" if bug else ""))
            if shrink and not only:
                shortest = shrunk(number, days, meters, left_out, everything)
                typer.echo(f"\nShrinking. The shortest story:\n{shortest.story}")
            raise typer.Exit(1)


def _broken(world: World) -> Broken | None:
    """Run a world. Returns the promise that was broken; None if all held."""
    try:
        world.run()
    except Broken as error:
        return error
    return None
