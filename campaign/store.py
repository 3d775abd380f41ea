"""Campaigns in the database: applying a file makes a new version; the newest is the one that rules the next dial."""

import hashlib
import json
from datetime import datetime
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlmodel import Session, col, func, select

from campaign.errors import Permanent
from campaign.file import Campaign
from campaign.file import Source as SourceConfig
from campaign.records import CampaignVersion, Source


def apply(session: Session, campaign: Campaign, document: str, *, by: str, now: datetime) -> CampaignVersion:
    """Store a new version, unless nothing changed. Refuses a source name that another campaign owns."""
    config = campaign.model_dump(mode="json")
    current = newest(session, campaign.name)
    if current and current.config == config:
        return current
    if current:
        current.active = False
        session.add(current)
        session.flush()
    _claim_sources(session, campaign)
    row = CampaignVersion(
        name=campaign.name,
        version=current.version + 1 if current else 1,
        document=document,
        sha256=hashlib.sha256(document.encode()).hexdigest(),
        config=config,
        applied_at=now,
        applied_by=by,
    )
    session.add(row)
    return row


def newest(session: Session, name: str) -> CampaignVersion | None:
    return session.exec(
        select(CampaignVersion)
        .where(CampaignVersion.name == name)
        .order_by(col(CampaignVersion.version).desc())
        .limit(1)
    ).first()


def get(session: Session, name: str) -> tuple[Campaign, int]:
    """The campaign that rules now, and its version: a call asks several times, and a version never changes."""
    version = session.exec(select(func.max(CampaignVersion.version)).where(CampaignVersion.name == name)).one()
    if version is None:
        raise Permanent(
            f"no campaign named {name!r}; apply its file with `firstring campaign apply`", code="no_campaign"
        )
    known = _known.setdefault(session.get_bind(), {})
    if (name, version) not in known:
        known[name, version] = read(session.get_one(CampaignVersion, (name, version)))
    return known[name, version], version


_known: WeakKeyDictionary[Any, dict[tuple[str, int], Campaign]] = WeakKeyDictionary()
"""What was read of each database so far."""


def read(row: CampaignVersion) -> Campaign:
    """The campaign of a version. Checking one takes a millisecond, which a dial would pay several times, so it is kept."""
    return _read(json.dumps(row.config))


@lru_cache(maxsize=64)
def _read(config: str) -> Campaign:
    return Campaign.model_validate_json(config)


def by_source(session: Session, source: str) -> tuple[Campaign, int, SourceConfig] | None:
    """The campaign behind a door, or None when no door has that name."""
    door = session.get(Source, source)
    if door is None:
        return None
    campaign, version = get(session, door.campaign)
    return campaign, version, next(s for s in campaign.sources if s.name == source)


def active(session: Session) -> list[CampaignVersion]:
    return list(session.exec(select(CampaignVersion).where(CampaignVersion.active).order_by(CampaignVersion.name)))


def _claim_sources(session: Session, campaign: Campaign) -> None:
    for old in session.exec(select(Source).where(Source.campaign == campaign.name)):
        if old.name not in {source.name for source in campaign.sources}:
            session.delete(old)
    for source in campaign.sources:
        door = session.get(Source, source.name)
        if door and door.campaign != campaign.name:
            raise Permanent(
                f"source {source.name!r} belongs to campaign {door.campaign!r}; choose another name",
                code="source_taken",
            )
        session.merge(Source(name=source.name, campaign=campaign.name, kind=source.kind))
