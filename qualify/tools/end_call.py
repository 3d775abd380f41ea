"""end_call: the model's wish to end. The session itself carries it out, once the goodbye has been heard."""

from pydantic import Field

from qualify.terms import REASONS
from qualify.tools.arguments import Arguments

NAME = "end_call"
DESCRIPTION = "End the call. Say the closing line in the same turn; the line drops once it was heard."


class EndCall(Arguments):
    reason: str = Field("completed", description="Why the call ends", json_schema_extra={"enum": list(REASONS)})
