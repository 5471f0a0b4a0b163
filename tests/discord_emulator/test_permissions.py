"""Permissions as Discord computes them, case by case."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from discord_emulator.entities import Channel, Guild, Overwrite, Role, User
from discord_emulator.permissions import ALL, Permission, base_permissions, channel_permissions, top_position
from discord_emulator.world import World

VIEW, SEND, HISTORY = Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES, Permission.READ_HISTORY
MANAGE = Permission.MANAGE_MESSAGES
EVERYONE = VIEW | SEND | HISTORY


class Place:
    """A server whose @everyone sees, writes and reads; ``ada`` has the roles red and blue, which give nothing."""

    def __init__(self) -> None:
        self.world = World(seed=5)
        self.owner: User = self.world.create_user("owner")
        self.ada: User = self.world.create_user("ada")
        self.guild: Guild = self.world.create_guild("Place", self.owner)
        self.world.update_role(self.guild, self.guild.roles[self.guild.id], permissions=EVERYONE)
        self.red: Role = self.world.create_role(self.guild, "red", position=2)
        self.blue: Role = self.world.create_role(self.guild, "blue", position=5)
        self.world.add_member(self.guild, self.ada, [self.red.id, self.blue.id])
        self.channel: Channel = next(iter(self.guild.channels.values()))

    def overwrite(self, target: int, *, allow: int = 0, deny: int = 0, person: bool = False) -> None:
        made = Overwrite(id=target, type=int(person), allow=allow, deny=deny)
        self.world.set_overwrite(self.channel, made, target)

    def ada_has(self, channel: Channel | None = None) -> int:
        return channel_permissions(self.guild, channel or self.channel, self.ada.id, self.world.time())


def everyone_denied(place: Place) -> None:
    place.overwrite(place.guild.id, deny=SEND)


def role_allows_again(place: Place) -> None:
    place.overwrite(place.guild.id, deny=SEND)
    place.overwrite(place.red.id, allow=SEND)


def one_role_allows_what_another_denies(place: Place) -> None:
    place.overwrite(place.blue.id, deny=SEND)
    place.overwrite(place.red.id, allow=SEND)


def own_denies_what_a_role_allows(place: Place) -> None:
    place.overwrite(place.red.id, allow=SEND)
    place.overwrite(place.ada.id, deny=SEND, person=True)


def own_allows_what_roles_deny(place: Place) -> None:
    place.overwrite(place.red.id, deny=SEND)
    place.overwrite(place.ada.id, allow=SEND | MANAGE, person=True)


def role_of_somebody_else(place: Place) -> None:
    green = place.world.create_role(place.guild, "green")
    place.overwrite(green.id, deny=EVERYONE)


def hidden(place: Place) -> None:
    place.overwrite(place.guild.id, deny=VIEW)
    place.overwrite(place.red.id, allow=SEND)


def administrator(place: Place) -> None:
    place.world.update_role(place.guild, place.red, permissions=Permission.ADMINISTRATOR)
    place.overwrite(place.ada.id, deny=EVERYONE, person=True)


def role_gives_more(place: Place) -> None:
    place.world.update_role(place.guild, place.blue, permissions=MANAGE)


def in_timeout(place: Place) -> None:
    until = place.world.time() + timedelta(minutes=1)
    place.world.update_role(place.guild, place.blue, permissions=MANAGE)
    place.world.update_member(place.guild, place.guild.members[place.ada.id], timeout_until=until)


def timeout_over(place: Place) -> None:
    until = place.world.time() - timedelta(minutes=1)
    place.world.update_member(place.guild, place.guild.members[place.ada.id], timeout_until=until)


def administrator_in_timeout(place: Place) -> None:
    in_timeout(place)
    place.world.update_role(place.guild, place.red, permissions=Permission.ADMINISTRATOR)


def only_the_channel_gives(place: Place) -> None:
    place.world.update_role(place.guild, place.guild.roles[place.guild.id], permissions=0)
    place.overwrite(place.red.id, allow=VIEW)


def role_is_gone(place: Place) -> None:
    role_gives_more(place)
    place.world.delete_role(place.guild, place.blue)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        (lambda place: None, EVERYONE),
        (everyone_denied, VIEW | HISTORY),
        (role_allows_again, EVERYONE),
        (one_role_allows_what_another_denies, EVERYONE),
        (own_denies_what_a_role_allows, VIEW | HISTORY),
        (own_allows_what_roles_deny, EVERYONE | MANAGE),
        (role_of_somebody_else, EVERYONE),
        (hidden, 0),
        (administrator, ALL),
        (role_gives_more, EVERYONE | MANAGE),
        (in_timeout, VIEW | HISTORY),
        (timeout_over, EVERYONE),
        (administrator_in_timeout, ALL),
        (only_the_channel_gives, VIEW),
        (role_is_gone, EVERYONE),
    ],
)
def test_what_a_member_may_in_a_channel(arrange: Callable[[Place], Any], expected: int) -> None:
    place = Place()
    arrange(place)
    assert place.ada_has() == expected


def test_threads_take_their_parents_overwrites() -> None:
    place = Place()
    thread = place.world.create_thread(place.guild, place.channel, "aside", place.owner.id)
    assert place.ada_has(thread) == EVERYONE
    place.overwrite(place.ada.id, deny=VIEW, person=True)
    assert place.ada_has(thread) == 0


def test_private_threads_show_themselves_to_those_in_them() -> None:
    place = Place()
    thread = place.world.create_thread(place.guild, place.channel, "quiet", place.owner.id, type=12)
    assert place.ada_has(thread) == 0
    thread.thread_members[place.ada.id] = place.world.time()
    assert place.ada_has(thread) == EVERYONE
    del thread.thread_members[place.ada.id]
    place.world.update_role(place.guild, place.red, permissions=Permission.MANAGE_THREADS)
    assert place.ada_has(thread) == EVERYONE | Permission.MANAGE_THREADS


def test_owners_and_strangers() -> None:
    place = Place()
    place.overwrite(place.guild.id, deny=EVERYONE)
    now = place.world.time()
    assert channel_permissions(place.guild, place.channel, place.owner.id, now) == ALL
    assert base_permissions(place.guild, place.owner.id) == ALL
    stranger = place.world.create_user("stranger")
    assert channel_permissions(place.guild, place.channel, stranger.id, now) == 0
    assert base_permissions(place.guild, stranger.id) == 0


def test_hierarchy() -> None:
    place = Place()
    assert top_position(place.guild, place.ada.id) == 5
    plain = place.world.create_user("plain")
    place.world.add_member(place.guild, plain)
    assert top_position(place.guild, plain.id) == 0
    assert top_position(place.guild, place.owner.id) > 1_000_000
    assert top_position(place.guild, 1) == 0
