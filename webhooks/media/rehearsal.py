"""What the first call would otherwise wait for: read, compiled and connected before the door opens."""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from campaign.database import Database
from campaign.errors import Permanent
from qualify import clips, playbook_file, tools


def rehearse(database: Database) -> None:
    """Whatever is missing or away is the first call's affair, as it would have been without this."""
    tools.schemas()
    for name in playbook_file.shipped():
        try:
            clips.load(playbook_file.load(name).playbook.language)
        except Permanent:
            continue
    try:
        with database.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return
