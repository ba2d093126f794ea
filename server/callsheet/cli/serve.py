"""`callsheet serve`: the MCP server on stdin and stdout, started by a client."""

import gc

import click

from callsheet.cli.frame import Call, command


@command("serve", show=lambda answer: ())
@click.option(
    "--profile",
    type=click.Choice(["worker", "lead", "all"]),
    default="all",
    help="Which tools to offer (all).",
)
def serve(call: Call, profile: str) -> None:
    """Serve the project over MCP, for a client.

    Talks on stdin and stdout until the client closes them; a person has no use for it.
    """
    gc.disable()  # imports leave no garbage, and looking for it is 7 % of the start; see stdio.serve
    from callsheet.app import serve_stdio  # late: the engine and MCP

    root = call.root()
    serve_stdio(call.settings(root), root, profile)
