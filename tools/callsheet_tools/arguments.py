"""Arguments that several tools share, described once."""

from typing import Annotated

from pydantic import Field

Claim = Annotated[str, Field(description="from claim_task")]
Plan = str | None
Agent = Annotated[str | None, Field(description="your label", max_length=80)]
RequestId = Annotated[
    str | None,
    Field(description="same again = safe retry", max_length=200),
]
Note = Annotated[str | None, Field(max_length=4_000)]
Handoff = Annotated[str | None, Field(description="for whoever goes on", max_length=16_000)]
Tokens = Annotated[int | None, Field(ge=0, le=10**12, description="total so far")]
CostUsd = Annotated[float | None, Field(ge=0, le=1e9, allow_inf_nan=False)]
Names = Annotated[list[str], Field(max_length=500)]
