"""Any sequence of dispatches beside a plain dict of what they say, and junk anywhere in their payloads."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from skynetbot.discord.state.errors import MalformedPayload
from skynetbot.discord.state.state import GuildState
from support.guild_state import channel, guild_create, member, overwrite, role, seen, thread

GUILD, OTHER = 1 << 30, 2 << 30
OWNER = 77


class Model:
    """What a reader of the documentation would keep: dicts of payloads."""

    def __init__(self) -> None:
        self.guilds: dict[int, dict[str, Any]] = {}

    def on(self, event: str, data: dict[str, Any]) -> None:
        if event == "GUILD_CREATE":
            self.guilds[int(data["id"])] = {
                "head": data,
                "count": data["member_count"],
                **{kind: {x["id"]: x for x in data[kind]} for kind in ("roles", "channels", "threads")},
                "members": {x["user"]["id"]: x for x in data["members"]},
            }
            return
        if event == "GUILD_DELETE":
            if not data.get("unavailable"):
                self.guilds.pop(int(data["id"]), None)
            return
        guild = self.guilds.get(int(data.get("guild_id") or data["id"]))
        if guild is None:
            return
        match event:
            case "GUILD_UPDATE":
                guild["head"], guild["roles"] = data, {x["id"]: x for x in data["roles"]}
            case "CHANNEL_CREATE" | "CHANNEL_UPDATE":
                guild["channels"][data["id"]] = data
            case "CHANNEL_DELETE":
                guild["channels"].pop(data["id"], None)
                guild["threads"] = {k: t for k, t in guild["threads"].items() if t["parent_id"] != data["id"]}
            case "THREAD_CREATE" | "THREAD_UPDATE":
                guild["threads"].pop(data["id"], None)
                if not data["thread_metadata"]["archived"]:
                    guild["threads"][data["id"]] = data
            case "THREAD_DELETE":
                guild["threads"].pop(data["id"], None)
            case "THREAD_LIST_SYNC":
                gone = [
                    k
                    for k, t in guild["threads"].items()
                    if t["parent_id"] in data.get("channel_ids", [t["parent_id"]])
                ]
                for key in gone:
                    del guild["threads"][key]
                guild["threads"].update((t["id"], t) for t in data["threads"])
            case "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE":
                guild["roles"][data["role"]["id"]] = data["role"]
            case "GUILD_ROLE_DELETE":
                guild["roles"].pop(data["role_id"], None)
                for key, person in guild["members"].items():
                    kept = [role_id for role_id in person["roles"] if role_id != data["role_id"]]
                    guild["members"][key] = {**person, "roles": kept}
            case "GUILD_MEMBER_ADD":
                guild["count"] += 1
                guild["members"][data["user"]["id"]] = data
            case "GUILD_MEMBER_UPDATE":
                guild["members"][data["user"]["id"]] = data
            case "GUILD_MEMBER_REMOVE":
                guild["count"] = max(0, guild["count"] - 1)
                guild["members"].pop(data["user"]["id"], None)

    def seen(self, guild_id: int) -> dict[str, Any]:
        guild = self.guilds.get(guild_id)
        if guild is None:
            return {}
        head = guild["head"]
        return {
            "guild": (head["name"], head["icon"], int(head["owner_id"]), guild["count"], None),
            "channels": {
                int(x["id"]): (
                    (x["type"], x["name"], x["position"], None, False, x.get("rate_limit_per_user", 0)),
                    {
                        int(o["id"]): (o["type"], int(o["allow"]), int(o["deny"]))
                        for o in x.get("permission_overwrites", ())
                    },
                )
                for x in guild["channels"].values()
            },
            "threads": {
                int(x["id"]): (x["type"], x["name"], int(x["parent_id"]), 0) for x in guild["threads"].values()
            },
            "roles": {
                int(x["id"]): (x["name"], x["position"], int(x["permissions"]), x["color"], x["managed"])
                for x in guild["roles"].values()
            },
            "members": {
                int(x["user"]["id"]): (
                    tuple(sorted({int(role_id) for role_id in x["roles"]})),
                    1714564800,
                    4102444800.5 if x["communication_disabled_until"] else None,
                )
                for x in guild["members"].values()
            },
        }


FEW = st.integers(1, 5)
BITS = st.integers(0, (1 << 64) - 1)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
CHANNELS = st.builds(
    lambda number, name, position, slow, targets, allow, deny: channel(
        100 + number,
        name=name,
        position=position,
        rate_limit_per_user=slow,
        permission_overwrites=[overwrite(target, allow=allow, deny=deny) for target in targets],
    ),
    FEW,
    NAMES,
    st.integers(-1, 400),
    st.integers(0, 21600),
    st.sets(st.integers(300, 304)),
    BITS,
    BITS,
)
THREADS = st.builds(lambda number, parent, name: thread(200 + number, 100 + parent, name=name), FEW, FEW, NAMES)
ARCHIVABLE = st.builds(
    lambda number, parent, archived: thread(200 + number, 100 + parent, archived=archived), FEW, FEW, st.booleans()
)
ROLES = st.builds(
    lambda number, name, bits, position: role(300 + number, name=name, permissions=str(bits), position=position),
    FEW,
    NAMES,
    BITS,
    st.integers(0, 250),
)
PEOPLE = st.builds(
    lambda number, roles, timeout: member(400 + number, *roles, timeout=timeout),
    FEW,
    st.lists(st.integers(301, 305), max_size=4),
    st.sampled_from([None, "2100-01-01T00:00:00.500000+00:00"]),
)
GUILDS = st.builds(
    lambda guild_id, name, channels, threads, roles, people, count: guild_create(
        guild_id,
        owner=OWNER,
        name=name,
        channels=list({x["id"]: x for x in channels}.values()),
        threads=list({x["id"]: x for x in threads}.values()),
        roles=list({x["id"]: x for x in roles}.values()),
        members=list({x["user"]["id"]: x for x in people}.values()),
        member_count=count,
    ),
    st.sampled_from([GUILD, OTHER]),
    NAMES,
    st.lists(CHANNELS, max_size=4),
    st.lists(THREADS, max_size=4),
    st.lists(ROLES, max_size=4),
    st.lists(PEOPLE, max_size=4),
    st.integers(0, 10),
)


def inside(data: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    where = st.sampled_from([str(GUILD), str(GUILD), str(OTHER), str(3 << 30)])
    return st.tuples(where, data).map(lambda both: {"guild_id": both[0], **both[1]})


DISPATCHES = st.one_of(
    st.tuples(st.just("GUILD_CREATE"), GUILDS),
    st.tuples(st.just("GUILD_UPDATE"), GUILDS),
    st.tuples(
        st.just("GUILD_DELETE"),
        st.builds(
            lambda guild_id, out: {"id": str(guild_id), **({"unavailable": True} if out else {})},
            st.sampled_from([GUILD, OTHER]),
            st.booleans(),
        ),
    ),
    st.tuples(st.sampled_from(["CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE"]), inside(CHANNELS)),
    st.tuples(st.sampled_from(["THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE"]), inside(ARCHIVABLE)),
    st.tuples(
        st.just("THREAD_LIST_SYNC"),
        inside(
            st.builds(
                lambda threads, parents: {
                    "threads": list({x["id"]: x for x in threads}.values()),
                    **({} if parents is None else {"channel_ids": [str(100 + parent) for parent in parents]}),
                },
                st.lists(THREADS, max_size=3),
                st.none() | st.sets(FEW),
            )
        ),
    ),
    st.tuples(
        st.sampled_from(["GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE"]), inside(ROLES.map(lambda made: {"role": made}))
    ),
    st.tuples(st.just("GUILD_ROLE_DELETE"), inside(FEW.map(lambda number: {"role_id": str(300 + number)}))),
    st.tuples(st.sampled_from(["GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE"]), inside(PEOPLE)),
)


@given(st.lists(DISPATCHES, min_size=1, max_size=30))
def test_any_sequence_leaves_what_a_plain_dict_would_hold(dispatches: list[tuple[str, dict[str, Any]]]) -> None:
    state, model = GuildState(decoded_kept=1), Model()
    first = guild_create(GUILD, owner=OWNER)
    for event, payload in [("GUILD_CREATE", first), *dispatches]:
        state.on(event, payload)
        model.on(event, payload)
        for guild_id in (GUILD, OTHER):
            assert seen(state, guild_id) == model.seen(guild_id)
    assert {guild.id for guild in state.all()} == set(model.guilds)
    assert state.bytes() == sum(guild.nbytes() for guild in state._guilds.values())
    copy = GuildState()
    copy.load(state.dump())
    assert [seen(copy, guild_id) for guild_id in (GUILD, OTHER)] == [
        seen(state, guild_id) for guild_id in (GUILD, OTHER)
    ]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in the payload."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, child in inner for path in paths(child, (*at, key)))]


def with_junk(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    changed = value.copy()
    changed[path[0]] = with_junk(value[path[0]], path[1:], junk)
    return changed


@given(DISPATCHES, st.data())
def test_junk_anywhere_is_refused_whole_or_understood(
    dispatch: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    event, payload = dispatch
    state = GuildState()
    whole = {"channels": [channel(101)], "threads": [thread(201, 101)], "members": [member(401, 301), member(402)]}
    state.on("GUILD_CREATE", guild_create(GUILD, owner=OWNER, **whole))
    before = state.dump()
    broken = with_junk(payload, data.draw(st.sampled_from(paths(payload))), data.draw(JUNK))
    refused: MalformedPayload | None = None
    try:
        state.on(event, broken)
    except MalformedPayload as error:
        refused = error
    if refused is not None:
        assert state.dump() == before
        assert str(refused).startswith(f"{event}: ")
    # Understood or not, what is held can be read.
    copy = GuildState()
    copy.load(state.dump())
    assert [seen(copy, guild.id) for guild in state.all()] == [seen(state, guild.id) for guild in state.all()]
