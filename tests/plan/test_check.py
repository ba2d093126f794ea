"""Keys, references, cycles and limits; and the small pure parts that they stand on."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from callsheet.model.errors import CallsheetError
from callsheet.plan import graph, keys
from callsheet.plan.check import require_loadable, resolve
from callsheet.plan.draft import PhaseDraft, PlanDraft, TaskDraft
from callsheet.plan.outline import scan
from callsheet.plan.shape import scorer_shape
from callsheet.plan.sources import decode, without_own_blocks


def task(key: str, *depends_on: str, **more: Any) -> TaskDraft:
    made: dict[str, Any] = {"title": f"Title of {key}", "file": "p.md", "line": 7, **more}
    return TaskDraft(key=key, depends_on=depends_on, **made)


def plan(*tasks: TaskDraft, phases: tuple[PhaseDraft, ...] = ()) -> PlanDraft:
    return PlanDraft("main", "claudio", ".claudio", phases=phases, tasks=tasks)


def cycle_of(draft: PlanDraft) -> str:
    with pytest.raises(CallsheetError) as caught:
        resolve(draft)
    assert caught.value.code == "CYCLE"
    return caught.value.what


def test_the_same_key_for_another_task_gets_a_number_and_for_the_same_title_is_one_task() -> None:
    draft = resolve(
        plan(task("a", title="One"), task("a", title="Two"), task("A", title=" one ", state="done"))
    )
    assert [(t.key, t.title, t.state) for t in draft.tasks] == [
        ("a", "One", "done"),
        ("a#2", "Two", "todo"),
    ]


def test_references_are_found_however_people_write_them() -> None:
    phases = (PhaseDraft("1", "Base"), PhaseDraft("2", "Walls"))
    draft = resolve(
        plan(
            task("1.2", phase="phase1"),
            task("API-1", phase="Base"),
            task("2.1", "phase1.task2", "api-1", "phase:Base", "Phase 1", phase="2"),
            task("2.2", "Task 1.2", phase="2"),
            phases=phases,
        )
    )
    assert [t.depends_on for t in draft.tasks[2:]] == [("1.2", "API-1", "phase:1"), ("1.2",)]
    assert [t.phase for t in draft.tasks] == ["1", "1", "2", "2"]


def test_a_cycle_is_named_in_order_with_files_and_lines() -> None:
    said = cycle_of(plan(task("1.2", "1.4"), task("1.3"), task("1.4", "1.2")))
    assert "1.2 → 1.4 → 1.2 (1.2 in p.md:7, 1.4 in p.md:7)" in said


def test_a_cycle_through_phases_and_containers_is_found() -> None:
    phases = (PhaseDraft("1", "A"), PhaseDraft("2", "B", depends_on=("1",)))
    said = cycle_of(plan(task("1.1", "2.1", phase="1"), task("2.1", phase="2"), phases=phases))
    assert "phase 2" in said and "phase 1" in said
    epic = task("e", "x", container=True)
    assert "e" in cycle_of(plan(epic, task("e.1", parent="e"), task("x", "e")))
    assert "e.1" in cycle_of(plan(task("e", container=True), task("e.1", "e", parent="e")))


def test_an_implied_edge_that_would_close_a_cycle_is_dropped_and_said() -> None:
    phases = (
        PhaseDraft("1", "A"),
        PhaseDraft("2", "B", implied=("1",)),
        PhaseDraft("3", "C", implied=("2",)),
    )
    draft = resolve(plan(task("1.1", "2.1", phase="1"), task("2.1", phase="2"), phases=phases))
    assert [phase.implied for phase in draft.phases] == [(), (), ("2",)]
    assert [found.code for found in draft.diagnostics] == ["IMPLIED_ORDER_DROPPED"]


def test_itself_as_a_dependency_is_left_out_and_said() -> None:
    draft = resolve(plan(task("a", "A")))
    assert draft.tasks[0].depends_on == ()
    assert draft.diagnostics[0].code == "SELF_DEPENDENCY"


def test_limits_are_errors_and_nothing_is_cut() -> None:
    parents = [task("n0", container=True)] + [
        task(f"n{at}", parent=f"n{at - 1}", container=at < 18) for at in range(1, 19)
    ]
    draft = resolve(plan(task("big", brief="ä" * 200_000), task("a b"), *parents))
    assert [found.code for found in draft.diagnostics] == [
        "TOO_LARGE",
        "BAD_KEY",
        "TOO_DEEP",
        "TOO_DEEP",
    ]
    assert len(draft.tasks[0].brief) == 200_000
    with pytest.raises(CallsheetError, match="BAD_PLAN: .*400000 bytes"):
        require_loadable(draft)


@given(st.dictionaries(st.sampled_from("abcdefg"), st.sets(st.sampled_from("abcdefg"))))
def test_a_named_cycle_is_one_and_settling_leaves_none(graph_of: dict[str, set[str]]) -> None:
    cycle = graph.find_cycle(graph_of)
    assert (cycle is None) == graph.is_acyclic(graph_of)
    if cycle:
        assert cycle[0] == cycle[-1] and len(cycle) > 1
        assert all(b in graph_of[a] for a, b in pairwise(cycle))
    weak = [(a, b) for a, others in graph_of.items() for b in sorted(others)]
    dropped = set(graph.settle({}, weak))
    left: dict[str, list[str]] = {}
    for a, b in weak:
        if (a, b) not in dropped:
            left.setdefault(a, []).append(b)
    assert graph.is_acyclic(left)
    assert bool(dropped) == (cycle is not None)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("phase1.task2", "1.2"), ("Phase 1 Task 2", "1.2"), ("Task 1.2", "1.2"), ("task 1.2", "1.2"),
        (" 1.2 ", "1.2"), ("phase1.task1.2", "1.2"), ("T001", "T001"), ("1.2#2", "1.2#2"),
    ],
)  # fmt: skip
def test_what_people_type_becomes_the_key(typed: str, key: str) -> None:
    assert keys.normal_task(typed) == key


@pytest.mark.parametrize("key", ["", "a b", "a\n", "a@b", "x" * 129, "a\u202eb", "phase:1"])
def test_bad_keys_are_told_why(key: str) -> None:
    assert keys.key_problem(key)
    assert keys.key_problem("1.2#2") is None


def test_bytes_become_clean_text_and_damage_is_reported() -> None:
    text, found = decode(b"\xef\xbb\xbfa\r\nb\xff\x00c\rd", "x.md")
    assert text == "a\nb\ufffdc\nd"
    assert [(d.code, d.file, d.line) for d in found] == [
        ("INVALID_UTF8", "x.md", 2),
        ("CONTROL_CHARACTERS", "x.md", 2),
    ]


def test_own_blocks_are_blanked_and_forged_halves_stay() -> None:
    begin, end = "<!-- callsheet:begin plan=main rev=1 -->", "<!-- callsheet:end -->"
    text = f"a\n{begin}\nmine\n{begin}\nours\n{end}\nb\n{end}\n{begin}\nc"
    assert without_own_blocks(text) == f"a\n{begin}\nmine\n\n\n\nb\n{end}\n{begin}\nc"


_LINES = st.sampled_from(
    [
        "# A",
        "## B ##",
        "text",
        "",
        "```",
        "```py",
        "~~~",
        "````",
        "####### no",
        "#no",
        "   ### C",
        "> q",
    ]
)


@given(st.lists(_LINES, max_size=12))
def test_headings_are_those_of_commonmark_where_every_fence_is_closed(lines: list[str]) -> None:
    outline = scan("\n".join(lines))
    if outline.unclosed:
        return
    tokens = MarkdownIt("commonmark").parse("\n".join(lines))
    expected = [
        (int(one.tag[1]), two.content, (one.map or [0])[0])
        for one, two in pairwise(tokens)
        if one.type == "heading_open" and one.level == 0
    ]
    assert [(h.level, h.text, h.line) for h in outline.headings] == expected


def test_the_printed_shape_lists_implied_dependencies_apart() -> None:
    phases = (PhaseDraft("1", "A"), PhaseDraft("2", "B", implied=("1",)))
    draft = resolve(
        plan(
            task("1.1", phase="1", state="skipped"),
            task("2.1", "phase:1", phase="2"),
            phases=phases,
        )
    )
    shape = scorer_shape(draft, "root")
    assert [t["status"] for t in shape["tasks"]] == ["cancelled", "todo"]
    assert shape["tasks"][1]["depends_on_phases"] == ["1"] and shape["tasks"][1]["depends_on"] == []
    assert shape["phase_depends_on"] == {} and shape["implied"]["phases"] == {"2": ["1"]}
