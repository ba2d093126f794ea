"""Questions about directed graphs that know nothing of plans.

A graph maps each node to the nodes that it depends on. `graphlib` orders; what it can't do, naming
a cycle in a way that a person can act on and finding what keeps a graph from being ordered, is here.
All of it is iterative and linear in nodes and edges, so that deep plans don't overflow the stack.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

Graph = Mapping[str, Collection[str]]


def is_acyclic(graph: Graph) -> bool:
    """Whether the graph can be ordered."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return False
    return True


def find_cycle(graph: Graph) -> tuple[str, ...] | None:
    """A shortest cycle through some node of the first knot, in order: `a → b → a` is (a, b, a).

    Each node depends on the one that follows it. None when there is no cycle.
    """
    for knot in knots(graph):
        members = set(knot)
        for start in knot[:50]:
            cycle = _shortest_back(graph, start, members)
            if cycle:
                return cycle
    return None


def knots(graph: Graph) -> list[list[str]]:
    """The strongly connected components that hold a cycle, members in the graph's own order.

    Tarjan's algorithm with an explicit stack.
    """
    order = {node: at for at, node in enumerate(graph)}
    found = [
        sorted(component, key=lambda node: order.get(node, len(order)))
        for component in _components(graph)
        if len(component) > 1 or component[0] in graph.get(component[0], ())
    ]
    return sorted(found, key=lambda component: order.get(component[0], len(order)))


def reaches(graph: Graph, start: str, goal: str) -> bool:
    """Whether `goal` is `start` or something that `start` depends on, however far."""
    seen, waiting = {start}, [start]
    while waiting:
        node = waiting.pop()
        if node == goal:
            return True
        for other in graph.get(node, ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return False


def settle(
    firm: Mapping[str, Iterable[str]], weak: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Which of the weak edges (node, dependency) must go so that firm + weak has no new cycle.

    Weak edges outside knots always stay. Inside one they are taken in order, each that would close
    a cycle is dropped; in a knot with very many of them all of them go, which is cheap and safe.
    """
    graph: dict[str, set[str]] = {node: set(others) for node, others in firm.items()}
    for node, other in weak:
        graph.setdefault(node, set()).add(other)
        graph.setdefault(other, set())
    knot_of = {node: at for at, knot in enumerate(knots(graph)) for node in knot}
    suspects = [(a, b) for a, b in weak if a in knot_of and knot_of[a] == knot_of.get(b)]
    if not suspects:
        return []
    base: dict[str, set[str]] = {node: set(others) for node, others in firm.items()}
    if len(suspects) > 200:
        return [(a, b) for a, b in suspects if b not in base.get(a, ())]
    dropped = []
    suspected = set(suspects)
    for edge in weak:
        if edge not in suspected:
            base.setdefault(edge[0], set()).add(edge[1])
    for node, other in suspects:
        if reaches(base, other, node):
            dropped.append((node, other))
        else:
            base.setdefault(node, set()).add(other)
    return dropped


def _shortest_back(graph: Graph, start: str, members: set[str]) -> tuple[str, ...] | None:
    came_from: dict[str, str] = {}
    level = [start]
    while level:
        following: list[str] = []
        for node in level:
            for other in graph.get(node, ()):
                if other == start:
                    return _path(came_from, start, node)
                if other in members and other not in came_from:
                    came_from[other] = node
                    following.append(other)
        level = following
    return None


def _path(came_from: Mapping[str, str], start: str, last: str) -> tuple[str, ...]:
    back = [start, last] if last != start else [start]
    while back[-1] != start:
        back.append(came_from[back[-1]])
    if len(back) == 1:
        back.append(start)
    return tuple(reversed(back))


def _components(graph: Graph) -> Iterable[list[str]]:
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_nodes: list[str] = []
    is_open: set[str] = set()
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(graph.get(root, ())))]
        index[root] = low[root] = len(index)
        open_nodes.append(root)
        is_open.add(root)
        while work:
            node, others = work[-1]
            for other in others:
                if other not in index:
                    index[other] = low[other] = len(index)
                    open_nodes.append(other)
                    is_open.add(other)
                    work.append((other, iter(graph.get(other, ()))))
                    break
                if other in is_open:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    yield _pop_component(open_nodes, is_open, node)


def _pop_component(open_nodes: list[str], is_open: set[str], last: str) -> list[str]:
    component = []
    while True:
        node = open_nodes.pop()
        is_open.discard(node)
        component.append(node)
        if node == last:
            return component
