"""What every engine must keep of the promises in `store.port`. No engine is named here."""

import asyncio
from typing import Any

import pytest
from store.store_ops import COUNT, NOTE, Gate, OpenStore, add, add_at, count

from callsheet.model.errors import CallsheetError
from callsheet.store.port import Op


async def reached(gate: Gate) -> None:
    await asyncio.to_thread(gate.reached.wait, 30)


async def test_what_a_write_answered_is_there_for_another_store(open_store: OpenStore) -> None:
    one, other = await open_store(), await open_store()
    assert await one.write(add) == 1
    assert await other.read(count) == 1


async def test_an_exception_in_an_operation_comes_out_unchanged_and_undoes_all(
    open_store: OpenStore,
) -> None:
    store = await open_store()
    fault = ZeroDivisionError("mine")

    def op() -> Op[None]:
        yield from add()
        raise fault

    with pytest.raises(ZeroDivisionError) as caught:
        await store.write(op)
    assert caught.value is fault
    assert await store.read(count) == 0
    assert await store.write(add) == 1


async def test_a_statement_that_fails_undoes_those_before_it(open_store: OpenStore) -> None:
    store = await open_store()

    def op() -> Op[None]:
        yield from add()
        yield "UPDATE counter SET n = -1", {}

    with pytest.raises(Exception, match="CHECK constraint"):
        await store.write(op)
    assert await store.read(count) == 0


async def test_a_failed_operation_is_closed_so_that_its_finally_runs(open_store: OpenStore) -> None:
    store = await open_store()
    closed: list[bool] = []

    def op() -> Op[None]:
        try:
            yield "UPDATE counter SET n = -1", {}
        finally:
            closed.append(True)

    with pytest.raises(Exception, match="CHECK constraint"):
        await store.write(op)
    assert closed == [True]


async def test_rows_come_as_tuples_in_order_and_none_as_an_empty_list(
    open_store: OpenStore,
) -> None:
    store = await open_store()

    def op() -> Op[list[Any]]:
        some = yield "SELECT n, name FROM counter UNION SELECT 7, 'b' ORDER BY 1", {}
        none = yield "SELECT n FROM counter WHERE name = :name", {"name": "nobody"}
        return [some, none]

    assert await store.read(op) == [[(0, "a"), (7, "b")], []]


async def test_a_sequence_of_parameters_runs_once_for_each_and_answers_no_rows(
    open_store: OpenStore,
) -> None:
    store = await open_store()

    def op() -> Op[Any]:
        answer = yield NOTE, [{"text": "one"}, {"text": "two"}, {"text": "three"}]
        nothing = yield NOTE, []
        texts = yield "SELECT text FROM note ORDER BY id", {}
        return answer, nothing, texts

    assert await store.write(op) == ([], [], [("one",), ("two",), ("three",)])


async def test_an_operation_without_statements_answers_too(open_store: OpenStore) -> None:
    store = await open_store()

    def op() -> Op[str]:
        return "done"
        yield COUNT, {}

    assert await store.write(op) == "done"
    assert await store.read(op) == "done"


async def test_a_read_sees_one_snapshot_though_somebody_commits_meanwhile(
    open_store: OpenStore,
) -> None:
    store, gate = await open_store(), Gate()

    def twice() -> Op[tuple[int, int]]:
        first = yield from count()
        gate.stand()
        return first, (yield from count())

    reading = asyncio.create_task(store.read(twice))
    await reached(gate)
    assert await store.write(add) == 1
    gate.open.set()
    assert await reading == (0, 0)
    assert await store.read(count) == 1


async def test_a_read_does_not_wait_for_a_writer_nor_see_what_it_has_not_committed(
    open_store: OpenStore,
) -> None:
    one, other, gate = await open_store(), await open_store(), Gate()
    writing = asyncio.create_task(one.write(add_at(gate)))
    await reached(gate)
    assert await one.read(count) == 0
    assert await other.read(count) == 0
    gate.open.set()
    assert await writing == 1


async def test_unless_answers_instead_of_the_operation(open_store: OpenStore) -> None:
    store = await open_store()
    assert await store.write(add, unless=count) == 0
    assert await store.read(count) == 0


async def test_unless_without_an_answer_lets_the_operation_run(open_store: OpenStore) -> None:
    store = await open_store()

    def nothing() -> Op[int | None]:
        yield COUNT, {}
        return None

    assert await store.write(add, unless=nothing) == 1


async def test_unless_does_not_wait_for_the_lock(open_store: OpenStore) -> None:
    one, other, gate = await open_store(), await open_store(), Gate()
    writing = asyncio.create_task(one.write(add_at(gate)))
    await reached(gate)
    assert await other.write(add, unless=count) == 0
    gate.open.set()
    assert await writing == 1


async def test_writers_of_two_stores_never_lose_an_update(open_store: OpenStore) -> None:
    stores = [await open_store(), await open_store()]

    def read_then_write() -> Op[int]:
        n = yield from count()
        yield "UPDATE counter SET n = :n WHERE name = 'a'", {"n": n + 1}
        return n + 1

    seen = await asyncio.gather(*(store.write(read_then_write) for store in stores * 20))
    assert sorted(seen) == list(range(1, 41))


async def test_a_write_that_is_cancelled_while_it_runs_commits_before_its_caller_is_let_go(
    open_store: OpenStore,
) -> None:
    store, gate = await open_store(), Gate()
    writing = asyncio.create_task(store.write(add_at(gate)))
    await reached(gate)
    writing.cancel()
    await store.read(count)
    writing.cancel()  # an impatient caller
    await store.read(count)
    assert not writing.done()
    gate.open.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await store.read(count) == 1


async def test_a_write_that_is_cancelled_while_it_waits_never_runs(open_store: OpenStore) -> None:
    one, other, gate = await open_store(), await open_store(), Gate()
    writing = asyncio.create_task(one.write(add_at(gate)))
    await reached(gate)
    waiting = asyncio.create_task(other.write(add))
    await asyncio.sleep(0)  # it starts
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.open.set()
    assert await writing == 1
    assert await other.write(add) == 2


async def test_who_waits_too_long_is_told_so_and_the_operation_never_runs(
    open_store: OpenStore,
) -> None:
    one, other, gate = await open_store(), await open_store(busy_seconds=0.05), Gate()
    writing = asyncio.create_task(one.write(add_at(gate)))
    await reached(gate)
    with pytest.raises(CallsheetError) as caught:
        await other.write(add)
    assert caught.value.code == "STORE_BUSY"
    assert "safe to repeat" in caught.value.next
    gate.open.set()
    assert await writing == 1
    assert await other.write(add) == 2


async def test_a_write_that_began_in_time_may_take_longer(open_store: OpenStore) -> None:
    store, gate = await open_store(busy_seconds=0.05), Gate()
    writing = asyncio.create_task(store.write(add_at(gate)))
    await reached(gate)
    with pytest.raises(CallsheetError, match="STORE_BUSY"):
        await store.write(add)  # began to wait later than the first, so that one is over time too
    gate.open.set()
    assert await writing == 1
    assert await store.read(count) == 1


async def test_a_fault_in_an_operation_that_ran_over_time_still_comes_out(
    open_store: OpenStore,
) -> None:
    store, gate = await open_store(busy_seconds=0.05), Gate()

    def op() -> Op[None]:
        yield from add()
        gate.stand()
        raise KeyError("late")

    writing = asyncio.create_task(store.write(op))
    await reached(gate)
    with pytest.raises(CallsheetError, match="STORE_BUSY"):
        await store.write(add)
    gate.open.set()
    with pytest.raises(KeyError, match="late"):
        await writing
    assert await store.read(count) == 0


async def test_close_lets_what_is_queued_finish_and_may_be_called_twice(
    open_store: OpenStore,
) -> None:
    store = await open_store()
    writing = [asyncio.create_task(store.write(add)) for _ in range(5)]
    await asyncio.sleep(0)  # they are queued
    await store.close()
    assert await asyncio.gather(*writing) == [1, 2, 3, 4, 5]
    await store.close()
    with pytest.raises(ValueError, match="no active connection"):
        await store.read(count)


async def test_closing_goes_on_to_its_end_though_it_is_cancelled(open_store: OpenStore) -> None:
    store, gate = await open_store(), Gate()
    writing = asyncio.create_task(store.write(add_at(gate)))
    await reached(gate)
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)  # it waits for the write
    closing.cancel()
    gate.open.set()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert await writing == 1
    with pytest.raises(ValueError, match="no active connection"):
        await store.write(add)
