"""The page of published calling rules: what is in force, what was before, and how to get back there."""

import httpx

from campaign import clock
from campaign.database import Database
from dialer import law, rule_sets
from tests.webhooks.test_console import signed_in

PAGE = "/console/rules"
WINDOW = 'windows: {all: ["08:00-20:00"]}\n    caps: [{calls: 3, hours: 24, scope: subject}]'


def publish(database: Database, opens: str, why: str) -> None:
    text = law.text()
    assert WINDOW in text
    with database.transaction() as session:
        later = text.replace(WINDOW, WINDOW.replace("08:00", opens))
        rule_sets.publish(session, later, source="draft", by="dana <ops>", why=why, now=clock.now())


async def test_without_a_version_the_products_own_rules_are_in_force(web: httpx.AsyncClient) -> None:
    assert (await web.get(PAGE)).status_code == 303
    page = (await (await signed_in(web)).get(PAGE)).text
    assert (page.count("in force</span>"), page.count("replaced</span>")) == (1, 0)
    assert law.shipped().version in page
    assert "rollback" not in page


async def test_who_published_what_when_and_why(web: httpx.AsyncClient, database: Database) -> None:
    publish(database, "10:00", "Counsel wants <late> mornings in Florida")
    publish(database, "11:00", "Counsel wants still later mornings")
    with database.transaction() as session:
        rule_sets.roll_back(session, 1, by="sam", why="Ten was late enough, says counsel", now=clock.now())
    page = (await (await signed_in(web)).get(PAGE)).text
    versions = page.split('<section class="card">')[1:]
    assert [one.count("in force</span>") for one in versions] == [1, 0, 0, 0]
    assert "Version 3" in versions[0]
    assert "by sam" in versions[0]
    assert "as in version 1" in versions[0]
    assert "rollback" not in versions[0]
    assert "US-FL windows: mon-sun 10:00-20:00 → mon-sun 11:00-20:00" in versions[1]
    assert "Counsel wants &lt;late&gt; mornings in Florida" in versions[2]
    assert "by dana &lt;ops&gt;" in versions[2]
    for number, version in zip((2, 1, 0), versions[1:], strict=True):
        assert f"firstring rules rollback {number} " in version


async def test_many_changes_are_folded(web: httpx.AsyncClient, database: Database) -> None:
    text = law.text().replace("confidence: A\n", "confidence: B\n", 9)
    with database.transaction() as session:
        rule_sets.publish(session, text, source="draft", by="ops", why="Nine rows were read again", now=clock.now())
    page = (await (await signed_in(web)).get(PAGE)).text
    assert "<summary>9 changes against the version before</summary>" in page
