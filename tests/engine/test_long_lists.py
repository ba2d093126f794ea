"""Long lists of a task: only what the plan says stands in them, and how much there is beside."""

import json

from engine.kit import World, plan

MANY = {name: tuple(f"{name}/{n:03}.md" for n in range(200)) for name in ("acceptance", "files")}
RESOURCES = tuple(f"docs/{n:03}.md" for n in range(100))


def world_with(**fields: object) -> World:
    world = World()
    world.load(plan("a", a=fields))
    world.start()
    return world


def test_a_claim_lists_whole_items_and_says_how_many_there_are() -> None:
    claimed = world_with(**MANY, resources=RESOURCES).session().ask()
    task, context = claimed.task, claimed.context
    assert task.acceptance == MANY["acceptance"][: len(task.acceptance)]
    assert task.resources == RESOURCES[: len(task.resources)]
    assert context.files == MANY["files"][: len(context.files)]
    totals = (task.acceptance_total, task.resources_total, context.files_total)
    assert totals == (200, 100, 200)


def test_short_lists_carry_no_totals() -> None:
    claimed = world_with(acceptance=("it works",), files=("a.md",)).session().ask()
    task, context = claimed.task, claimed.context
    assert (task.acceptance, context.files) == (("it works",), ("a.md",))
    assert (task.acceptance_total, task.resources_total, context.files_total) == (None,) * 3


def test_a_long_criterion_is_cut_but_not_left_out_of_a_claim() -> None:
    [shown] = world_with(acceptance=("long " * 1_000,)).session().ask().task.acceptance
    assert shown.startswith("long long")
    assert shown.endswith("(5000 characters in all)")


def test_get_task_in_full_shows_the_lists_that_a_claim_cuts() -> None:
    shown = world_with(**MANY, resources=RESOURCES).task("a", "full")
    assert tuple(shown["acceptance"]) == MANY["acceptance"]
    assert tuple(shown["files"]) == MANY["files"]
    assert tuple(shown["resources"]) == RESOURCES


def test_get_task_in_full_stays_below_thirty_kilobytes() -> None:
    criteria = tuple(f"{n} {'so ' * 300}" for n in range(100))
    shown = world_with(brief="brief " * 10_000, acceptance=criteria, files=MANY["files"])
    full, concise = shown.task("a", "full"), shown.task("a", "concise")
    assert len(json.dumps(full)) <= 30_000
    assert len(concise["acceptance"]) < len(full["acceptance"]) < 100
    assert full["acceptance_total"] == concise["acceptance_total"] == 100
