"""The job that reminds: posted once, by direct message or in the channel, with buttons to be reminded again."""

from typing import Final

import msgspec

from skynetbot.discord.effects import EffectDelayed, EffectRefused
from skynetbot.discord.posts import Button, Pings, Post, action_id
from skynetbot.features.contract import FeatureServices
from skynetbot.features.reminders.model import DONE, OPEN, Reminder, read
from skynetbot.jobs.kinds import GiveUp, JobRun, RetryLater
from skynetbot.jobs.schedules import next_time, packed
from skynetbot.jobs.service import JobWriter
from skynetbot.storage.documents import DocumentRow, document_get, document_update
from skynetbot.storage.statements import Work

__all__ = ["QUEUE", "Firing"]

QUEUE: Final = "reminders.fire"
_SNOOZES: Final = ((10, "10 minutes"), (60, "1 hour"), (1_440, "Tomorrow"))


class Firing:
    def __init__(self, services: FeatureServices) -> None:
        self._services = services

    async def fire(self, run: JobRun) -> None:
        """Remind, note that it was done, and finish in one transaction with the reminder's new state."""
        id_ = run.payload(int)
        row = await self._services.documents.get("reminders", id_)
        if row is None or row.state != OPEN:
            return
        reminder = read(row)
        if run.progress is None:
            await run.note(str(await self._post(run, row, reminder)))

        def finished(_: JobWriter) -> Work[None]:
            current = yield from document_get("reminders", id_)
            if current is None:
                return
            if reminder.schedule is None:
                yield from document_update(current, state=DONE)
                return
            due = next_time(packed(reminder.schedule), max(self._services.now(), run.job.due))
            if due is None:
                yield from document_update(current, state=DONE)
            else:
                body = msgspec.json.encode(msgspec.structs.replace(read(current), due=due)).decode()
                yield from document_update(current, body=body)

        await run.commit(finished)

    async def _post(self, run: JobRun, row: DocumentRow, reminder: Reminder) -> int:
        late_s = self._services.now() - run.job.due
        post = Post(
            content=f"⏰ <@{row.user_id}> {reminder.text}",
            description=f"This was due <t:{int(run.job.due)}:R>; I was away." if late_s > 60 else "",
            rows=(
                (
                    *(
                        Button(label=label, emoji="💤", action=action_id("reminders", "snooze", row.id, minutes))
                        for minutes, label in _SNOOZES
                    ),
                    Button(label="Done", style="success", action=action_id("reminders", "done", row.id)),
                ),
            ),
            pings=Pings(users=[row.user_id]),
        )
        refusals: list[str] = []
        for channel_id in dict.fromkeys((reminder.channel_id, None, reminder.asked_in)):
            try:
                if channel_id is None:
                    return await self._services.effects.post_directly(row.user_id, post, nonce=run.nonce)
                return await self._services.effects.post(channel_id, post, nonce=run.nonce)
            except EffectDelayed as delayed:
                raise RetryLater(delayed.reason, delayed.after_s) from delayed
            except EffectRefused as refused:
                # The channel is gone, or direct messages are closed: the other way is better than silence.
                refusals.append(refused.reason)
        raise GiveUp(" ".join(refusals))
