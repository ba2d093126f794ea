"""What a run over a scope could do: the waves it would come in, and what it could never reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from callsheet.engine.regraph import Node
from callsheet.model.states import CLOSED, MET


@dataclass(frozen=True, slots=True)
class Prospects:
    """`waves[i]` are the tasks that can begin once wave i - 1 is done; `outside` are unmet tasks
    beyond the scope that some in it wait for; `hopeless` those that wait for them or for somebody.
    """

    waves: tuple[tuple[Node, ...], ...]
    outside: tuple[Node, ...]
    hopeless: tuple[Node, ...]
    already_met: int


def prospects(
    nodes: Sequence[Node], needs: Mapping[int, Sequence[int]], chosen: set[int]
) -> Prospects:
    """Look ahead. `needs` gives what each node waits for, `chosen` the ids in scope."""
    by_id = {node.id: node for node in nodes}
    wave: dict[int, int | None] = {}
    for node_id in TopologicalSorter(needs).static_order():
        if node_id in by_id:
            wave[node_id] = _wave(by_id[node_id], [wave.get(n) for n in needs[node_id]], chosen)
    open_ = [node for node in nodes if node.id in chosen and node.state not in CLOSED]
    grouped: dict[int, list[Node]] = {}
    for node in open_:
        level = wave[node.id]
        if level is not None:
            grouped.setdefault(level, []).append(node)
    hopeless = [node for node in open_ if wave[node.id] is None]
    return Prospects(
        waves=tuple(tuple(sorted(grouped[n], key=_order)) for n in sorted(grouped)),
        outside=_outside(hopeless, by_id, needs, chosen),
        hopeless=tuple(hopeless),
        already_met=sum(by_id[n].state in MET for n in chosen),
    )


def _order(node: Node) -> tuple[int, int]:
    return node.rank, node.ord


def _wave(node: Node, before: Sequence[int | None], chosen: set[int]) -> int | None:
    """0 for what is met, else 1 + that of the latest dependency; None for never."""
    if node.state in MET:
        return 0
    if any(level is None for level in before):
        return None
    level = max((n for n in before if n is not None), default=0)
    if node.kind != "task":
        return level
    if node.id not in chosen or node.state in ("failed", "blocked", "cancelled"):
        return None
    return level + 1


def _outside(
    hopeless: Sequence[Node],
    by_id: Mapping[int, Node],
    needs: Mapping[int, Sequence[int]],
    chosen: set[int],
) -> tuple[Node, ...]:
    found: dict[int, Node] = {}
    waiting, seen = [node.id for node in hopeless], set()
    while waiting:
        for other in needs.get(waiting.pop(), ()):
            node = by_id.get(other)
            if node is None or other in seen or node.state in MET:
                continue
            seen.add(other)
            if node.kind != "task":
                waiting.append(other)
            elif other not in chosen:
                found[other] = node
    return tuple(sorted(found.values(), key=lambda node: node.ord))
