"""Announcements from a person's hands to the channel: forms, previews, pings, times, refusals, and kill -9 between."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from discord_emulator.dispatch import Dispatch
from discord_emulator.entities import Message, Overwrite
from discord_emulator.faults import Fault
from skynetbot.app import App
from skynetbot.features.announcements.announcement import POST_QUEUE, Announcement, body_of
from skynetbot.guildconfig.service import Author
from skynetbot.storage.documents import DocumentRepository, DocumentRow
from support.demo_town import Town, eventually

SEND, MANAGE_GUILD, MENTION_EVERYONE = 1 << 11, 1 << 5, 1 << 17


def option(name: str, value: Any, kind: int = 3) -> dict[str, Any]:
    return {"name": name, "type": kind, "value": value}


class Hands:
    """A person who fills in forms and presses buttons in #general."""

    def __init__(self, town: Town, person: str = "ada") -> None:
        self.town = town
        self.person = person
        self.modals: list[dict[str, Any]] = []
        town.world.hub.subscribe(self._on_event)

    def _on_event(self, event: Dispatch) -> None:
        if event.name == "INTERACTION_MODAL_CREATE" and event.user_ids == {self.town.demo.people[self.person].id}:
            self.modals.append(event.data)

    async def open(self, sub: str, *options: dict[str, Any]) -> dict[str, Any]:
        """A subcommand that opens a form; the form."""
        before = len(self.modals)
        await self.town.command(self.person, "announce", [{"name": sub, "type": 1, "options": list(options)}])
        await eventually(lambda: len(self.modals) > before)
        return self.modals[-1]

    async def ask(self, sub: str, *options: dict[str, Any]) -> Message:
        return await self.town.ask(self.person, "announce", [{"name": sub, "type": 1, "options": list(options)}])

    async def submit(self, modal: dict[str, Any], **typed: str) -> Message:
        """What stands in the form stays, unless something else is typed; the bot's answer."""
        rows = []
        for row in modal["components"]:
            (field,) = row["components"]
            value = typed.get(field["custom_id"], field.get("value") or "")
            rows.append({"type": 1, "components": [{"type": 4, "custom_id": field["custom_id"], "value": value}]})
        return await self._act(5, {"id": modal["id"], "custom_id": modal["custom_id"], "components": rows})

    async def press(self, message: Message, label: str) -> Message:
        return await self._act(3, self._button(message, label), message_id=str(message.id))

    async def press_for_form(self, message: Message, label: str) -> dict[str, Any]:
        before = len(self.modals)
        await self._send(3, self._button(message, label), message_id=str(message.id))
        await eventually(lambda: len(self.modals) > before)
        return self.modals[-1]

    def _button(self, message: Message, label: str) -> dict[str, Any]:
        buttons = [button for row in message.components for button in row["components"]]
        return {"component_type": 2, "custom_id": next(b["custom_id"] for b in buttons if b["label"] == label)}

    async def _act(self, kind: int, data: dict[str, Any], **more: Any) -> Message:
        before = self._seen()
        await self._send(kind, data, **more)
        await eventually(lambda: self._seen() != before)
        changed = max(set(self._seen()) - set(before), key=lambda pair: (pair[1] is not None, pair[0]))
        found = self.town.world.message(self.town.channel("general").id, changed[0])
        assert found is not None
        return found

    def _seen(self) -> Sequence[tuple[int, Any]]:
        return [(message.id, message.edited_at) for message in self.town.bot_messages("general")]

    async def _send(self, kind: int, data: dict[str, Any], **more: Any) -> None:
        body = {
            "type": kind,
            "application_id": str(self.town.demo.application.id),
            "guild_id": str(self.town.guild.id),
            "channel_id": str(self.town.channel("general").id),
            "session_id": "x",
            "nonce": str(self.town.world.snowflakes.make()),
            "data": data,
            **more,
        }
        headers = {"Authorization": self.town.demo.people[self.person].token}
        url = f"{self.town.emulator.rest_url}/interactions"
        async with self.town.session.post(url, json=body, headers=headers) as response:
            assert response.status == 204, await response.text()


@pytest.fixture
def ada(town: Town) -> Hands:
    return Hands(town)


def to(town: Town, channel: str = "welcome") -> dict[str, Any]:
    return option("channel", str(town.channel(channel).id), 7)


def posted(town: Town, channel: str = "welcome") -> list[Message]:
    """The oldest first."""
    return town.bot_messages(channel)[::-1]


def deny(town: Town, channel: str) -> None:
    role = next(role for role in town.guild.roles.values() if role.bot_id == town.demo.bot.id)
    town.world.set_overwrite(town.channel(channel), Overwrite(id=role.id, type=0, deny=SEND), role.id)


def let_the_bot_ping(town: Town) -> None:
    role = next(role for role in town.guild.roles.values() if role.bot_id == town.demo.bot.id)
    town.world.update_role(town.guild, role, permissions=role.permissions | MENTION_EVERYONE)


def make_dara_a_manager(town: Town) -> None:
    role = next(role for role in town.guild.roles.values() if role.name == "Moderator")
    town.world.update_role(town.guild, role, permissions=role.permissions | MANAGE_GUILD)


def direct_messages(town: Town, person: str) -> list[str]:
    wanted = {town.demo.people[person].id, town.demo.bot.id}
    channels = [c for c in town.world.channels.values() if c.type == 1 and set(c.recipients) == wanted]
    return [message.content for channel in channels for message in town.world.history(channel.id)]


async def waits(app: App, town: Town, count: int = 1) -> DocumentRow:
    rows = await DocumentRepository(app.database).list("announcements", guild_id=town.guild.id)
    assert len(rows) == count
    return rows[0]


async def state_of(app: App, row: DocumentRow) -> tuple[str, Announcement]:
    now = await DocumentRepository(app.database).get("announcements", row.id)
    assert now is not None
    return now.state, body_of(now)


async def until_state(app: App, row: DocumentRow, wanted: str) -> Announcement:
    async with asyncio.timeout(10):
        while True:
            state, body = await state_of(app, row)
            if state == wanted:
                return body
            await asyncio.sleep(0.01)


async def scheduled(hands: Hands, when: str, *options: dict[str, Any], text: str = "Tea!") -> Message:
    form = await hands.open("schedule", option("when", when), to(hands.town), *options)
    return await hands.press(await hands.submit(form, text=text), "Schedule")


async def test_now_is_typed_looked_at_and_posted_as_an_embed(town: Town, app: App, ada: Hands) -> None:
    form = await ada.open("now", to(town))
    image = "https://example.org/tea.png"
    preview = await ada.submit(form, title="Tea time", text="At five. @everyone", color="green", image=image)
    assert preview.flags & 64
    assert preview.embeds[0]["title"] == "Tea time"
    assert "nothing is posted yet" in preview.content
    assert not posted(town)
    done = await ada.press(preview, "Post now")
    assert done.id == preview.id
    assert not done.components
    assert not done.embeds
    await eventually(lambda: posted(town))
    (message,) = posted(town)
    (embed,) = message.embeds
    assert (embed["title"], embed["description"], embed["color"]) == ("Tea time", "At five. @everyone", 0x57F287)
    assert embed["image"]["url"] == image
    assert (message.content, message.mention_everyone, message.mentions, message.mention_roles) == ("", False, [], [])
    body = await until_state(app, await waits(app, town), "posted")
    assert body.message_id == message.id
    assert await app.jobs.find(POST_QUEUE, str((await waits(app, town)).id)) is None


async def test_only_managers_announce(town: Town, app: App) -> None:
    emre = Hands(town, "emre")
    for sub, options in (("now", []), ("list", []), ("cancel", [option("id", "1")]), ("preview", [])):
        assert "level 3" in (await emre.ask(sub, *options)).content
    await app.guild_settings.update(
        town.guild.id,
        "access",
        {"manager_roles": [str(next(r.id for r in town.guild.roles.values() if r.name == "Moderator"))]},
        author=Author(1, "Test"),
    )
    assert "Nothing waits" in (await Hands(town, "dara").ask("list")).embeds[0]["description"]


async def test_pings_only_whom_the_author_may_ping(town: Town, app: App, ada: Hands) -> None:
    make_dara_a_manager(town)
    let_the_bot_ping(town)
    dara = Hands(town, "dara")
    regular = next(role for role in town.guild.roles.values() if role.name == "Regular")
    everybody = town.guild.roles[town.guild.id]
    for refused in (
        option("ping", "everyone"),
        option("ping", "here"),
        option("role", str(regular.id), 8),
        option("role", str(everybody.id), 8),
    ):
        assert "Mention Everyone" in (await dara.ask("now", to(town), refused)).content
    town.world.update_role(town.guild, regular, mentionable=True)
    await dara.press(
        await dara.submit(await dara.open("now", to(town), option("role", str(regular.id), 8)), text="x"), "Post now"
    )
    await eventually(lambda: len(posted(town)) == 1)
    assert (posted(town)[0].mention_roles, posted(town)[0].mention_everyone) == ([regular.id], False)
    await ada.press(await ada.submit(await ada.open("now", to(town), option("ping", "everyone")), text="x"), "Post now")
    await eventually(lambda: len(posted(town)) == 2)
    assert (posted(town)[1].content, posted(town)[1].mention_everyone) == ("@everyone", True)
    await ada.press(await ada.submit(await ada.open("now", to(town)), text=f"@everyone <@&{regular.id}>"), "Post now")
    await eventually(lambda: len(posted(town)) == 3)
    assert (posted(town)[2].mention_roles, posted(town)[2].mention_everyone) == ([], False)


async def test_scheduled_is_posted_once_at_its_second(town: Town, app: App, ada: Hands) -> None:
    done = await scheduled(ada, "in 2s", option("zone", "Europe/Berlin"))
    row = await waits(app, town)
    due = body_of(row).due
    assert due is not None
    assert f"<t:{int(due)}:F>" in done.content
    assert "Europe/Berlin" in done.content
    assert "offline" in done.content
    listed = (await ada.ask("list")).embeds[0]["description"]
    assert f"`{row.id}`" in listed
    assert f"<t:{int(due)}:F>" in listed
    assert not posted(town)
    await eventually(lambda: posted(town))
    late = posted(town)[0].created_at.timestamp() - due
    assert 0 <= late < 1
    await asyncio.sleep(1.2)
    assert len(posted(town)) == 1
    assert (await until_state(app, row, "posted")).message_id == posted(town)[0].id


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([option("when", "yesterday")], "past"),
        ([option("when", "whenever")], "Write it like"),
        ([option("when", "18:00"), option("zone", "Berlin")], "time zone"),
    ],
)
async def test_a_bad_time_is_explained(town: Town, app: App, ada: Hands, options: list[Any], said: str) -> None:
    assert said in (await ada.ask("schedule", *options)).content


async def test_crosspost_only_in_announcement_channels(town: Town, app: App, ada: Hands) -> None:
    news = town.world.create_channel(town.guild, "news", type=5)
    yes = option("crosspost", True, 5)
    assert "announcement channel" in (await ada.ask("now", to(town), yes)).content
    assert "`channel`" in (await ada.ask("now", yes)).content
    form = await ada.open("now", option("channel", str(news.id), 7), yes)
    await ada.press(await ada.submit(form, text="For all"), "Post now")
    await eventually(lambda: posted(town, "news") and posted(town, "news")[0].flags & 1)
    body = await until_state(app, await waits(app, town), "posted")
    assert body.published
    assert len(posted(town, "news")) == 1


async def test_a_refused_crosspost_is_told_and_makes_no_second_message(town: Town, app: App, ada: Hands) -> None:
    news = town.world.create_channel(town.guild, "news", type=5)
    town.emulator.faults.add(Fault(route=r"POST .*/crosspost", status=404, times=1))
    form = await ada.open("now", option("channel", str(news.id), 7), option("crosspost", True, 5))
    await ada.press(await ada.submit(form, text="For all"), "Post now")
    body = await until_state(app, await waits(app, town), "posted")
    assert "not published" in body.problem
    await eventually(lambda: any("not published" in text for text in direct_messages(town, "ada")))
    assert len(posted(town, "news")) == 1


async def test_a_refused_channel_is_recorded_and_the_author_told(town: Town, app: App, ada: Hands) -> None:
    deny(town, "welcome")
    await ada.press(await ada.submit(await ada.open("now", to(town)), title="Tea", text="At five"), "Post now")
    body = await until_state(app, await waits(app, town), "refused")
    assert "Send Messages" in body.problem
    await eventually(lambda: direct_messages(town, "ada"))
    (told,) = direct_messages(town, "ada")
    assert "Tea" in told
    assert "Send Messages" in told
    assert "Send Messages" in (await ada.ask("list")).embeds[0]["fields"][0]["value"]


async def test_who_takes_no_direct_messages_is_told_in_the_log_channel(town: Town, app: App, ada: Hands) -> None:
    deny(town, "welcome")
    log = town.channel("mod-log")
    await app.guild_settings.update(
        town.guild.id, "announcements", {"log_channel": str(log.id)}, author=Author(1, "Test")
    )
    town.emulator.faults.add(Fault(route=r"POST .*/users/@me/channels", status=403, times=None))
    await ada.press(await ada.submit(await ada.open("now", to(town)), text="At five"), "Post now")
    await eventually(lambda: town.bot_messages("mod-log"))
    (message,) = town.bot_messages("mod-log")
    assert "Send Messages" in message.content
    assert message.mentions == [town.demo.people["ada"].id]


async def test_what_was_mistyped_is_kept_and_can_be_corrected(town: Town, app: App, ada: Hands) -> None:
    wrong = await ada.submit(await ada.open("now", to(town)), text="Tea", color="reddish", title="Long title")
    assert "no colour" in wrong.content
    form = await ada.press_for_form(wrong, "Change the text")
    right = await ada.submit(form, color="red")
    assert right.id == wrong.id
    assert right.embeds[0]["title"] == "Long title"
    assert right.embeds[0]["color"] == 0xED4245
    await ada.press(right, "Post now")
    await eventually(lambda: posted(town))


async def test_discarded_is_gone_and_buttons_work_once(town: Town, app: App, ada: Hands) -> None:
    preview = await ada.submit(await ada.open("now", to(town)), text="Tea")
    stale = msgspec.structs.replace(preview)
    await ada.press(preview, "Discard")
    assert not await DocumentRepository(app.database).list("announcements", guild_id=town.guild.id)
    assert "gone" in (await ada.press(stale, "Post now")).content
    preview = await ada.submit(await ada.open("now", to(town)), text="Tea")
    stale = msgspec.structs.replace(preview)
    await ada.press(preview, "Post now")
    assert "gone" in (await ada.press(stale, "Post now")).content
    await eventually(lambda: posted(town))
    await asyncio.sleep(0.3)
    assert len(posted(town)) == 1


async def test_a_draft_is_scheduled_from_its_preview_and_previewed_later(town: Town, app: App, ada: Hands) -> None:
    preview = await ada.submit(await ada.open("preview"), text="Tea")
    form = await ada.press_for_form(preview, "Schedule")
    later = await ada.submit(form, when="in 3 hours", zone="Asia/Tokyo")
    assert "Asia/Tokyo" in later.content
    await ada.press(later, "Schedule")
    row = await waits(app, town)
    assert row.state == "waiting"
    shown = await ada.ask("preview", option("id", str(row.id)))
    assert shown.flags & 64
    assert shown.embeds[0]["description"] == "Tea"
    assert f"<t:{int(body_of(row).due or 0)}:F>" in shown.content
