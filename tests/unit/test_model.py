"""States, handles, ranks and delays."""

import sqlite3
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callsheet.model import handle, rank
from callsheet.model.backoff import Backoff
from callsheet.model.errors import CallsheetError
from callsheet.model.resource import parse
from callsheet.model.states import ALLOWED, CLOSED, MET, STATES, TRANSITIONS
from callsheet.store.migrate import MIGRATIONS


def test_the_schema_allows_exactly_the_states_of_the_table() -> None:
    schema = (MIGRATIONS / "0001_initial.sql").read_text(encoding="utf-8")
    database = sqlite3.connect(":memory:")
    database.executescript(schema)
    database.execute("INSERT INTO class (id, type, requires) VALUES (1, 'x', '[]')")
    database.execute("INSERT INTO plan VALUES (1, 'p', 'p', 'f', 's', 'd', 0)")
    row = (
        "INSERT INTO task (plan_id, key, kind, ord, title, type, class_id, priority, state) "
        "VALUES (1, ?, 'task', 1, 't', 'x', 1, 1, ?)"
    )
    for state in STATES:
        database.execute(row, (state, state))
    with pytest.raises(sqlite3.IntegrityError):
        database.execute(row, ("other", "sleeping"))
    database.close()


def test_every_state_can_be_reached_and_left() -> None:
    assert {t.target for t in TRANSITIONS} | {"waiting"} == set(STATES)
    assert {t.source for t in TRANSITIONS} == set(STATES)


def test_only_operators_and_barriers_bring_a_closed_task_back() -> None:
    back = [t for t in TRANSITIONS if t.source in CLOSED]
    assert back and all(t.cause.startswith(("operator", "member added")) for t in back)
    assert all(t.target in ("ready", "waiting") for t in back)
    assert MET < CLOSED


def test_nothing_starts_running_but_what_is_ready_or_comes_back() -> None:
    assert {source for source, target in ALLOWED if target == "running"} == {"ready", "delayed"}


@given(st.text("abc.#-_1/", min_size=1, max_size=40), st.integers(1, 10**6))
@settings(max_examples=200, deadline=None, database=None)
def test_a_handle_comes_back_from_its_written_form(key: str, attempt: int) -> None:
    made = handle.Handle(key, attempt, "q7x2m9")
    assert handle.parse(str(made)) == made
    assert handle.parse(f" `{made}` ") == made


@pytest.mark.parametrize("text", ["", "1.2", "1.2@3", "1.2@x-q7x2m9", "1.2@3-short", "@3-q7x2m9"])
def test_what_is_no_handle_is_refused(text: str) -> None:
    with pytest.raises(CallsheetError, match="^BAD_ARGUMENT"):
        handle.parse(text)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
@settings(max_examples=200, deadline=None, database=None)
def test_a_delay_stays_within_its_bounds(failures: int, dice: float) -> None:
    delay = Backoff().delay_seconds(failures, dice)
    assert 8 <= delay <= 720


def node(id: int, *needs: int, **more: Any) -> rank.Node:
    given: dict[str, Any] = {"priority": 1, "estimate_minutes": 10.0, **more}
    return rank.Node(id=id, needs=needs, **given)


def order(*nodes: rank.Node) -> list[int]:
    ranks = rank.ranks(nodes, [n.id for n in nodes], {})
    return sorted(ranks, key=lambda id: (ranks[id], id))


def test_the_task_with_the_longest_chain_behind_it_comes_first() -> None:
    assert order(node(1), node(2), node(3, 2), node(4, 3))[0] == 2


def test_no_chain_outweighs_a_priority() -> None:
    chain = [node(n, n - 1, estimate_minutes=1e12) for n in range(2, 50)]
    assert order(node(1), *chain, node(99, priority=2))[0] == 99


def test_a_missing_estimate_counts_as_the_median_of_the_known_ones() -> None:
    known = [
        node(1, estimate_minutes=1.0),
        node(2, estimate_minutes=30.0),
        node(3, estimate_minutes=99.0),
    ]
    assert order(*known, node(4, estimate_minutes=None)) == [3, 2, 4, 1]


def test_a_contended_resource_is_worked_off_early() -> None:
    shared = (parse("src/api.py"),)
    queue = [node(n, resources=shared) for n in (2, 3, 4)]
    assert order(node(1), *queue) == [2, 3, 4, 1]


def test_what_is_done_takes_no_time() -> None:
    assert order(node(1), node(2), node(3, 2, open=False))[0] == 1
