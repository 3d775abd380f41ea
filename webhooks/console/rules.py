"""`/console/rules`: the calling rules as they were published, who did so, when and why, and what changed each time. Read only."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from campaign.records import RuleSet
from dialer import law, rule_sets
from webhooks import ground, pages
from webhooks.console import sessions
from webhooks.console.door import Session

router = APIRouter(prefix="/console", include_in_schema=False)


@router.get("/rules")
async def rules(request: Request, session: Session) -> Response:
    here = ground.of(request)

    def read() -> list[RuleSet]:
        with here.database.reading() as reading:
            return rule_sets.history(reading)

    return pages.page(
        request,
        "rules.html",
        versions=await run_in_threadpool(read),
        shipped=law.shipped(),
        form_token=sessions.form_token(here.settings, session),
    )
