"""A campaign's playbooks, one for each language it speaks, as one call with one lead would speak them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import structlog

from campaign.errors import Permanent
from campaign.file import Campaign
from campaign.records import Lead
from qualify import clips, facts, playbook_file
from qualify.compiler import Prompt, compile_brief, compile_prompt
from qualify.languages import primary
from qualify.phrases import plain
from qualify.playbook import SPELLED, fill
from qualify.terms import Tongue

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reading:
    """`named` is the playbook as the campaign calls it."""

    named: str
    script: playbook_file.Script
    facts: facts.Facts
    prompt: Prompt

    @property
    def language(self) -> str:
        return self.script.playbook.language


def readings(
    campaign: Campaign, lead: Lead, zone: str, before: tuple[str, ...] | None = None
) -> Iterator[tuple[str, Reading]]:
    """By the code of the language, the campaign's own first. One that cannot be read costs its language, not the call.

    `before`: the person rings us, and this is what was before; None on calls of ours.
    """
    own = _reading(campaign.playbook, campaign, lead, zone, before)
    yield primary(own.language), own
    for code, named in campaign.languages.items():
        try:
            yield code, _reading(named, campaign, lead, zone, before)
        except Permanent as error:
            log.error("a campaign's language cannot be spoken", campaign=campaign.name, language=code, code=error.code)


def _reading(named: str, campaign: Campaign, lead: Lead, zone: str, before: tuple[str, ...] | None) -> Reading:
    script = playbook_file.load(named)
    known = facts.gather(script.playbook, campaign, lead, zone)
    if before is not None:
        known = replace(known, inbound=True, before=before)
    return Reading(named, script, known, compile_prompt(script, known))


def tongue(reading: Reading) -> Tongue:
    """What the session needs of a reading."""
    playbook, values = reading.script.playbook, dict(reading.facts.values)
    return Tongue(
        language=playbook.language,
        mandatory=reading.prompt.mandatory,
        ask=reading.prompt.ask,
        closing={reason: fill(line, values) for reason, line in playbook.closing.model_dump().items()},
        nobody_free=fill(playbook.transfer.unavailable, values),
        clips=clips.load(playbook.language),
        spelled_asks=tuple(question.ask for question in playbook.questions if question.type in SPELLED),
        objections=tuple(plain(phrase) for objection in playbook.objections for phrase in objection.hear),
        forbidden=tuple(plain(phrase) for phrase in playbook.forbidden),
        screener=reading.prompt.screener,
        personal=reading.prompt.personal,
        brief=compile_brief(reading.script, reading.facts),
    )
