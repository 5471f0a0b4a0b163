"""Random things that happen in a guild of the local Discord."""

import random
from datetime import timedelta
from typing import Any

from discord_emulator.entities import Guild, Overwrite
from discord_emulator.world import World

__all__ = ["GuildChanges"]


class GuildChanges:
    """One at a time, chosen by ``chance``; the bot and the owner stay."""

    def __init__(self, world: World, guild: Guild, bot_id: int, chance: random.Random) -> None:
        self.world = world
        self.guild = guild
        self.bot_id = bot_id
        self.chance = chance

    def happen(self) -> None:
        kinds = [getattr(self, name) for name in sorted(dir(self)) if name.startswith("do_")]
        self.chance.choice(kinds)()

    def do_add_channel(self) -> None:
        fields = {"nsfw": True, "rate_limit_per_user": 30, "type": self.chance.choice((0, 2, 4, 5, 13, 15))}
        self.world.create_channel(self.guild, f"room {self.chance.random()}", **fields)

    def do_change_channel(self) -> None:
        if channel := self._any(self.guild.channels):
            self.world.update_channel(channel, name="ü 漢 🎈", position=self.chance.randrange(40), parent_id=None)

    def do_delete_channel(self) -> None:
        if len(self.guild.channels) > 2 and (channel := self._any(self.guild.channels)):
            self.world.delete_channel(channel)

    def do_add_overwrite(self) -> None:
        if channel := self._any(self.guild.channels):
            person = self.chance.random() < 0.3
            target = self.chance.choice(list(self.guild.members if person else self.guild.roles))
            bits = self.chance.getrandbits(53)
            made = Overwrite(id=target, type=int(person), allow=bits, deny=~bits & (1 << 53) - 1)
            self.world.set_overwrite(channel, made, target)

    def do_remove_overwrite(self) -> None:
        channel = self._any(self.guild.channels)
        if channel and channel.overwrites:
            self.world.set_overwrite(channel, None, self.chance.choice(channel.overwrites).id)

    def do_add_thread(self) -> None:
        if channel := self._any(self.guild.channels):
            self.world.create_thread(self.guild, channel, "aside", self.bot_id, type=self.chance.choice((10, 11, 12)))

    def do_change_thread(self) -> None:
        if thread := self._any(self.guild.threads):
            self.world.update_channel(thread, archived=self.chance.random() < 0.5, name="renamed")

    def do_delete_thread(self) -> None:
        if thread := self._any(self.guild.threads):
            self.world.delete_channel(thread)

    def do_add_role(self) -> None:
        bits = self.chance.getrandbits(53)
        self.world.create_role(self.guild, "made", permissions=bits, color=self.chance.getrandbits(24))

    def do_change_role(self) -> None:
        if role := self._any(self.guild.roles):
            self.world.update_role(self.guild, role, position=self.chance.randrange(9), permissions=1 << 40)

    def do_delete_role(self) -> None:
        role = self._any(self.guild.roles)
        if role and role.id != self.guild.id:
            self.world.delete_role(self.guild, role)

    def do_join(self) -> None:
        user = self.world.create_user(f"new {self.chance.random()}")
        roles = self.chance.sample(list(self.guild.roles), k=min(2, len(self.guild.roles)))
        self.world.add_member(self.guild, user, [role_id for role_id in roles if role_id != self.guild.id])

    def do_leave(self) -> None:
        user_id = self.chance.choice(list(self.guild.members))
        if user_id not in (self.bot_id, self.guild.owner_id):
            self.world.remove_member(self.guild, user_id)

    def do_change_member(self) -> None:
        if member := self._any(self.guild.members):
            roles = [role_id for role_id in self.guild.roles if role_id != self.guild.id and self.chance.random() < 0.4]
            until = self.chance.choice((None, self.world.time() + timedelta(minutes=5)))
            self.world.update_member(self.guild, member, roles=roles, timeout_until=until)

    def do_change_guild(self) -> None:
        self.world.update_guild(self.guild, name=f"name {self.chance.random()}", icon=self.chance.choice((None, "ab")))

    def do_outage(self) -> None:
        self.world.set_outage(self.guild, unavailable=True)
        self.world.set_outage(self.guild, unavailable=False)

    def _any(self, of: dict[int, Any]) -> Any:
        return self.chance.choice(list(of.values())) if of else None
