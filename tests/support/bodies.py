"""Bodies of small transactions on the table ``members`` of server 1, for tests of the database itself."""

from skynetbot.storage.statements import Work, WorkFactory, fetch
from skynetbot.storage.store import Store

__all__ = ["add", "put", "stored"]


def put(user: int, messages: int = 1) -> Work[int]:
    """A new member; the user's id, as the answer of the transaction."""
    yield from fetch("INSERT INTO members (guild_id, user_id, messages) VALUES (1, ?1, ?2)", user, messages)
    return user


def add(user: int, messages: int = 1) -> Work[None]:
    """More messages of a member, new or not."""
    yield from fetch(
        "INSERT INTO members (guild_id, user_id, messages) VALUES (1, ?1, ?2) "
        "ON CONFLICT (guild_id, user_id) DO UPDATE SET messages = members.messages + excluded.messages",
        user,
        messages,
    )


async def stored(store: Store) -> dict[int, int]:
    """User -> messages."""

    def work() -> Work[dict[int, int]]:
        rows = yield from fetch("SELECT user_id, messages FROM members WHERE guild_id = 1 ORDER BY user_id")
        return dict(rows)

    body: WorkFactory[dict[int, int]] = work
    return await store.read("members", "stored", body)
