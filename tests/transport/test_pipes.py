"""Lines over pipes on the event loop."""

import os
from collections.abc import Iterator

import anyio
import pytest

from callsheet.transport.pipes import READ_BYTES, SURE_BYTES, Lines, Sink

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            pass  # the test has closed it


async def read_all(fd: int) -> list[str]:
    return [line async for line in Lines(fd)]


async def test_lines_come_whole_however_they_were_written(pipe: Pipe) -> None:
    source, sink = pipe
    for part in (b'{"a":', b'1}\n{"b":2}\n{"c', b'":3}\n'):
        os.write(sink, part)
    os.close(sink)
    assert await read_all(source) == ['{"a":1}', '{"b":2}', '{"c":3}']


async def test_a_last_line_without_its_end_still_counts(pipe: Pipe) -> None:
    source, sink = pipe
    os.write(sink, b"one\ntwo")
    os.close(sink)
    assert await read_all(source) == ["one", "two"]


async def test_bytes_that_are_no_utf8_do_not_end_the_stream(pipe: Pipe) -> None:
    source, sink = pipe
    os.write(sink, b"\xff\nnext\n")
    os.close(sink)
    assert await read_all(source) == ["\ufffd", "next"]


async def test_a_line_longer_than_any_buffer_arrives_whole(pipe: Pipe) -> None:
    source, sink = pipe
    text = "ä" * (READ_BYTES * 2)
    found: list[str] = []

    async def read() -> None:
        found.extend(await read_all(source))

    async with anyio.create_task_group() as group:
        group.start_soon(read)
        await Sink(sink).write(f"{text}\n")
        os.close(sink)
    assert found == [text]


async def test_a_client_that_does_not_read_holds_up_nobody_else(pipe: Pipe) -> None:
    source, sink = pipe
    much = "x" * SURE_BYTES * 64
    done = anyio.Event()

    async def write() -> None:
        await Sink(sink).write(much)
        done.set()

    async with anyio.create_task_group() as group:
        group.start_soon(write)
        await anyio.wait_all_tasks_blocked()  # it waits for the reader, and the loop goes on
        assert not done.is_set()
        left = len(much)
        while left:
            await anyio.wait_readable(source)
            left -= len(os.read(source, READ_BYTES))
        await done.wait()


async def test_waiting_for_input_can_be_cancelled(pipe: Pipe) -> None:
    source, _ = pipe
    async with anyio.create_task_group() as group:
        group.start_soon(read_all, source)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert group.cancel_scope.cancelled_caught
