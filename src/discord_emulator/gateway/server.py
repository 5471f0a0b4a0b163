"""Accepts connections, identifies and resumes sessions, and routes the world's events to those who may hear them."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from aiohttp import web

from discord_emulator import payloads
from discord_emulator.dispatch import Dispatch
from discord_emulator.entities import Application, User
from discord_emulator.gateway.compression import make_compressor
from discord_emulator.gateway.connection import CloseConnection, Connection
from discord_emulator.gateway.intents import ALL_INTENTS, GUILD_MEMBERS, PRIVILEGED
from discord_emulator.gateway.session import Session
from discord_emulator.world import World

__all__ = ["Gateway"]

_log = logging.getLogger(__name__)
_encode: Final = msgspec.json.Encoder().encode
_CHUNK: Final = 1000
_MAX_LARGE_THRESHOLD: Final = 250
_REPLAY_BOUND: Final = 10_000
_CLOSE_TIMEOUT_S: Final = 2.0
_FULL_REQUEST_PAUSE_S: Final = 30.0
_MAX_IDS: Final = 100


class Gateway:
    """All sessions and connections. ``counters`` tells tests what was enforced."""

    def __init__(
        self,
        world: World,
        *,
        heartbeat_interval_s: float = 41.25,
        identify_window_s: float = 5.0,
        session_keep_s: float = 180.0,
        replay_bound: int = _REPLAY_BOUND,
    ) -> None:
        self.world = world
        self.heartbeat_interval_s = heartbeat_interval_s
        self.identify_window_s = identify_window_s
        self.session_keep_s = session_keep_s
        self.replay_bound = replay_bound
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.counters: Counter[str] = Counter()
        self.url = ""
        self._identified_at: dict[tuple[int, int], float] = {}
        self._unsubscribe = world.hub.subscribe(self._route)

    # Connections

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The websocket endpoint."""
        socket = web.WebSocketResponse(autoping=True, max_msg_size=64 * 1024, compress=False, timeout=_CLOSE_TIMEOUT_S)
        query = request.query
        try:
            compressor = make_compressor(query.get("compress"))
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        await socket.prepare(request)
        if query.get("v", "10") not in ("9", "10"):
            await socket.close(code=4012, message=b"invalid API version")
            return socket
        if query.get("encoding", "json") != "json":
            await socket.close(code=4002, message=b"only encoding=json is spoken here")
            return socket
        connection = Connection(self, socket, compressor)
        self.connections.add(connection)
        self.counters["connections"] += 1
        try:
            code = await connection.run()
        finally:
            self.connections.discard(connection)
            connection.closed.set()
            if connection.session is not None and connection.session.link is connection:
                connection.session.link = None
        self._after_close(connection, code)
        return socket

    def _after_close(self, connection: Connection, code: int) -> None:
        session = connection.session
        if session is None or session.link is not None:
            return
        # A client that says 1000 or 1001 is done with its session; anything else may come back for it.
        if code in (1000, 1001, 4004, 4007, 4009, 4010, 4013, 4014):
            self.sessions.pop(session.id, None)
        else:
            session.disconnected_at = self.world.now()

    async def close(self) -> None:
        """End every connection, as a gateway node does that goes down."""
        self._unsubscribe()
        connections = tuple(self.connections)
        for connection in connections:
            connection.close(1001, "going away")
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT_S * 2):
                await asyncio.gather(*(connection.closed.wait() for connection in connections))
        except TimeoutError:
            _log.warning("%d gateway clients did not answer the close", len(self.connections))

    @property
    def backlog(self) -> int:
        """Frames not yet written, over all connections."""
        return sum(connection.backlog for connection in self.connections)

    async def wait_backlog(self, at_most: int) -> None:
        """Return once no more than ``at_most`` frames wait for the clients; for whoever sends in bulk."""
        while self.backlog > at_most:  # noqa: ASYNC110 - a bound, not an event
            await asyncio.sleep(0.002)

    # Sessions

    def identify(self, connection: Connection, data: Any) -> None:
        user, application = self._authenticate(data)
        shard = _shard_of(data)
        intents: int | None = None
        if application is not None:
            intents = _intents_of(data, application)
            if not self._may_identify(application, shard[0]):
                self.counters["identify_refused"] += 1
                connection.send_op(9, False)
                return
            application.session_starts_left -= 1
        self.counters["identifies"] += 1
        wanted = data.get("large_threshold")
        threshold = min(wanted, _MAX_LARGE_THRESHOLD) if isinstance(wanted, int) and wanted >= 50 else 50
        session = Session(
            self.world,
            user,
            shard=shard,
            intents=intents,
            large_threshold=threshold,
            replay_bound=self.replay_bound,
        )
        self._forget_old_sessions()
        self.sessions[session.id] = session
        connection.session = session
        session.link = connection
        self._greet(session, application)

    def resume(self, connection: Connection, data: Any) -> None:
        if not isinstance(data, dict):
            raise CloseConnection(4002, "RESUME needs token, session_id and seq")
        session = self.sessions.get(str(data.get("session_id")))
        seq = data.get("seq")
        if session is None or not isinstance(seq, int):
            connection.send_op(9, False)
            return
        if _bare_token(data) != session.user.token:
            raise CloseConnection(4004, "authentication failed")
        if seq > session.seq:
            raise CloseConnection(4007, "invalid sequence")
        expired = (
            session.disconnected_at is not None and self.world.now() - session.disconnected_at > self.session_keep_s
        )
        if expired or not session.can_resume_from(seq):
            self.sessions.pop(session.id, None)
            connection.send_op(9, False)
            return
        if isinstance(session.link, Connection):
            session.link.close(4000, "resumed elsewhere")
        self.counters["resumes"] += 1
        connection.session = session
        session.link = connection
        session.disconnected_at = None
        self.counters["replayed"] += session.replay(seq)
        session.send_event("RESUMED", {"_trace": ["local"]})

    def request_members(self, session: Session, data: Any) -> None:
        """Opcode 8: chunks of members by id, by the start of their name, or all."""
        if not isinstance(data, dict):
            raise CloseConnection(4002, "opcode 8 needs an object")
        try:
            given = data.get("guild_id")
            guild = self.world.guilds.get(int(given[0] if isinstance(given, list) else given or 0))
            wanted = data.get("user_ids")
            ids = [int(i) for i in (wanted if isinstance(wanted, list) else [wanted])] if wanted else []
            limit = max(0, int(data.get("limit") or 0))
        except (TypeError, ValueError, IndexError):
            raise CloseConnection(4002, "opcode 8 has a malformed field") from None
        if guild is None or session.user.id not in guild.members:
            return
        missing: list[str] = []
        if ids:
            found = [i for i in ids[:_MAX_IDS] if i in guild.members]
            missing = [str(i) for i in ids[:_MAX_IDS] if i not in guild.members]
        else:
            query = str(data.get("query") or "").lower()
            if not query and not limit and not self._may_request_all(session, guild.id, data.get("nonce")):
                return
            found = [i for i in guild.members if self.world.user(i).username.lower().startswith(query)]
            found = found[:limit] if limit else found
        chunks = [found[i : i + _CHUNK] for i in range(0, len(found), _CHUNK)] or [[]]
        for index, chunk in enumerate(chunks):
            payload: dict[str, Any] = {
                "guild_id": str(guild.id),
                "members": [payloads.member_payload(guild.members[i], self.world.user(i)) for i in chunk],
                "chunk_index": index,
                "chunk_count": len(chunks),
                "not_found": missing if index == 0 else [],
            }
            if data.get("nonce") is not None:
                payload["nonce"] = data["nonce"]
            session.send_event("GUILD_MEMBERS_CHUNK", payload)

    def _may_request_all(self, session: Session, guild_id: int, nonce: Any) -> bool:
        """A whole server's members need the intent, and once in 30 s is enough."""
        if session.intents is not None and not session.intents & GUILD_MEMBERS:
            return False
        now = self.world.now()
        wait_s = session.full_requests.get(guild_id, -1e9) + _FULL_REQUEST_PAUSE_S - now
        if wait_s > 0:
            self.counters["member_requests_refused"] += 1
            meta = {"guild_id": str(guild_id), **({"nonce": nonce} if nonce is not None else {})}
            session.send_event("RATE_LIMITED", {"opcode": 8, "retry_after": round(wait_s, 3), "meta": meta})
            return False
        session.full_requests[guild_id] = now
        return True

    def update_presence(self, session: Session, data: Any) -> None:
        """Opcode 3."""
        statuses = ("online", "dnd", "idle", "invisible", "offline")
        if not isinstance(data, dict) or data.get("status") not in statuses:
            raise CloseConnection(4002, "opcode 3 needs a status")
        self.world.set_presence(session.user, data)

    # Trouble on demand

    def burst(self, name: str, encoded: Iterable[bytes], *, user_id: int | None = None) -> int:
        """Send ready-made JSON as events of that name, past all routing, to the sessions of a user or of all.

        For benches (the server costs nothing but the envelope) and for events that no world makes. How many sessions.
        """
        sessions = [session for session in self.sessions.values() if user_id in (None, session.user.id)]
        for data in encoded:
            for session in sessions:
                session.send_encoded(name, data)
        return len(sessions)

    def drop(self, *, code: int = 4000, user_id: int | None = None, shard_id: int | None = None) -> int:
        """Close the connections of a user or shard (all by default); their sessions can be resumed. How many."""
        hit = self._matching(user_id, shard_id)
        for connection in hit:
            connection.close(code, "dropped on request")
        return len(hit)

    def ask_to_reconnect(self, *, user_id: int | None = None, shard_id: int | None = None) -> int:
        """Opcode 7 to the connections of a user or shard (all by default)."""
        hit = self._matching(user_id, shard_id)
        for connection in hit:
            connection.send_op(7)
        return len(hit)

    def invalidate(self, *, resumable: bool, user_id: int | None = None, shard_id: int | None = None) -> int:
        """Opcode 9; sessions that cannot be resumed are forgotten."""
        hit = self._matching(user_id, shard_id)
        for connection in hit:
            if not resumable and connection.session is not None:
                self.sessions.pop(connection.session.id, None)
            connection.send_op(9, resumable)
        return len(hit)

    def send_raw(self, frame: bytes, *, user_id: int | None = None) -> int:
        """Any bytes as a frame, to see what a client makes of them."""
        hit = self._matching(user_id, None)
        for connection in hit:
            connection.send(frame)
        return len(hit)

    def _matching(self, user_id: int | None, shard_id: int | None) -> list[Connection]:
        return [
            connection
            for connection in self.connections
            if connection.session is not None
            and user_id in (None, connection.session.user.id)
            and shard_id in (None, connection.session.shard_id)
        ]

    # Routing

    def _route(self, dispatch: Dispatch) -> None:
        encoded: bytes | None = None
        blanked: bytes | None = None
        for session in self.sessions.values():
            if not session.sees(dispatch):
                continue
            if dispatch.name == "GUILD_CREATE":
                self._send_guild(session, int(dispatch.data["id"]))
            elif session.hides_content(dispatch):
                blanked = blanked or _encode(session.blank(dispatch.data))
                session.send_encoded(dispatch.name, blanked)
            else:
                encoded = encoded or _encode(dispatch.data)
                session.send_encoded(dispatch.name, encoded)

    def _greet(self, session: Session, application: Application | None) -> None:
        user = session.user
        guild_ids = [
            guild.id
            for guild in self.world.guilds.values()
            if user.id in guild.members and (guild.id >> 22) % session.shard_count == session.shard_id
        ]
        ready: dict[str, Any] = {
            "v": 10,
            "user": payloads.me_payload(user),
            "guilds": [{"id": str(guild_id), "unavailable": True} for guild_id in guild_ids],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": [session.shard_id, session.shard_count],
            "session_type": "normal",
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "user_settings": {},
            "_trace": ["local"],
        }
        if application is not None:
            ready["application"] = {"id": str(application.id), "flags": 0}
        else:
            ready["private_channels"] = [
                payloads.channel_payload(channel, self.world.user)
                for channel in self.world.channels.values()
                if channel.type == 1 and user.id in channel.recipients
            ]
        session.send_event("READY", ready)
        if session.intents is None or session.intents & 1:
            for guild_id in guild_ids:
                if not self.world.guilds[guild_id].unavailable:
                    self._send_guild(session, guild_id)

    def _send_guild(self, session: Session, guild_id: int) -> None:
        guild = self.world.guilds[guild_id]
        members = session.members_in_guild_create(guild_id)
        payload = self.world.guild_create(
            guild, members, for_user=session.user.id, large_threshold=session.large_threshold
        )
        session.send_event("GUILD_CREATE", payload)

    def _authenticate(self, data: Any) -> tuple[User, Application | None]:
        if not isinstance(data, dict):
            raise CloseConnection(4002, "IDENTIFY needs an object")
        user_id = self.world.tokens.get(_bare_token(data))
        if user_id is None:
            raise CloseConnection(4004, "authentication failed")
        user = self.world.users[user_id]
        application = next((a for a in self.world.applications.values() if a.bot_user_id == user_id), None)
        return user, application

    def _may_identify(self, application: Application, shard_id: int) -> bool:
        """One IDENTIFY per key and window, key = shard id modulo max_concurrency."""
        if application.session_starts_left <= 0:
            return False
        key = (application.id, shard_id % application.max_concurrency)
        now = self.world.now()
        if now - self._identified_at.get(key, -1e9) < self.identify_window_s:
            return False
        self._identified_at[key] = now
        return True

    def _forget_old_sessions(self) -> None:
        now = self.world.now()
        for session in tuple(self.sessions.values()):
            if session.disconnected_at is not None and now - session.disconnected_at > self.session_keep_s:
                del self.sessions[session.id]

    def stats(self) -> dict[str, Any]:
        """What stands now, over the counters of all that happened; `connections_made` counts the gone ones too."""
        return {
            **self.counters,
            "connections_made": self.counters["connections"],
            "sessions": len(self.sessions),
            "connections": len(self.connections),
            "backlog": self.backlog,
        }


def _bare_token(data: dict[str, Any]) -> str:
    return str(data.get("token") or "").removeprefix("Bot ")


def _shard_of(data: dict[str, Any]) -> tuple[int, int]:
    shard = data.get("shard") or [0, 1]
    if (
        not isinstance(shard, list)
        or len(shard) != 2
        or not all(isinstance(n, int) for n in shard)
        or not 0 <= shard[0] < shard[1]
    ):
        raise CloseConnection(4010, "invalid shard")
    return shard[0], shard[1]


def _intents_of(data: dict[str, Any], application: Application) -> int:
    intents = data.get("intents")
    if not isinstance(intents, int) or intents < 0 or intents & ~ALL_INTENTS:
        raise CloseConnection(4013, "invalid intents")
    if intents & PRIVILEGED & ~application.privileged_intents:
        raise CloseConnection(4014, "disallowed intents")
    return intents
