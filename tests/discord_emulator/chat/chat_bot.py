"""A bot of a hundred lines, straight on gateway and REST, that answers with every kind of answer the page shows."""

import asyncio
from types import TracebackType
from typing import Any, Self

import aiohttp

from discord_emulator.server import Emulator
from discord_emulator.worlds import DemoWorld

EPHEMERAL = 64


def _option(name: str, kind: int, *, required: bool = False, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "description": f"The {name} to use", "required": required, **more}


COMMANDS: list[dict[str, Any]] = [
    {"name": "ping", "description": "Answer at once", "type": 1},
    {
        "name": "echo",
        "description": "Say something back",
        "type": 1,
        "options": [
            _option("text", 3, required=True),
            _option("times", 4, min_value=1, max_value=5),
            _option("tone", 3, choices=[{"name": "Loud", "value": "loud"}, {"name": "Soft", "value": "soft"}]),
            _option("who", 6),
        ],
    },
    {
        "name": "fruit",
        "description": "Choose a fruit with suggestions",
        "type": 1,
        "options": [_option("name", 3, required=True, autocomplete=True)],
    },
    {"name": "panel", "description": "Show buttons and menus", "type": 1},
    {"name": "secret", "description": "Answer only to you", "type": 1},
    {"name": "think", "description": "Answer after a while", "type": 1},
    {"name": "silent", "description": "Never answer", "type": 1},
    {
        "name": "settings",
        "description": "Settings",
        "type": 1,
        "options": [
            {"name": "show", "type": 1, "description": "Show a setting", "options": [_option("key", 3, required=True)]},
            {
                "name": "role",
                "type": 2,
                "description": "Roles",
                "options": [
                    {
                        "name": "add",
                        "type": 1,
                        "description": "Add a role",
                        "options": [_option("role", 8, required=True)],
                    }
                ],
            },
        ],
    },
]
FRUITS = ("apple", "apricot", "banana", "cherry")
PANEL: list[dict[str, Any]] = [
    {
        "type": 1,
        "components": [
            {"type": 2, "style": 1, "label": "Press me", "custom_id": "press", "emoji": {"id": None, "name": "👋"}},
            {"type": 2, "style": 3, "label": "Form", "custom_id": "form"},
            {"type": 2, "style": 4, "label": "Dead", "custom_id": "dead"},
            {"type": 2, "style": 2, "label": "Off", "custom_id": "off", "disabled": True},
            {"type": 2, "style": 5, "label": "Docs", "url": "https://example.com/docs"},
        ],
    },
    {
        "type": 1,
        "components": [
            {
                "type": 3,
                "custom_id": "colours",
                "placeholder": "Choose colours",
                "min_values": 1,
                "max_values": 2,
                "options": [
                    {"label": name, "value": name.lower(), "description": f"The colour {name.lower()}"}
                    for name in ("Red", "Green", "Blue")
                ],
            }
        ],
    },
    {"type": 1, "components": [{"type": 5, "custom_id": "person", "placeholder": "Choose a person"}]},
]
EMBED: dict[str, Any] = {
    "title": "Control panel",
    "description": "Everything **in one place**, see `/help`.",
    "color": 0x57F287,
    "author": {"name": "Tester"},
    "fields": [
        {"name": "Uptime", "value": "3 days", "inline": True},
        {"name": "Servers", "value": "3", "inline": True},
        {"name": "Latency", "value": "12 ms", "inline": True},
        {"name": "Note", "value": "A long line of its own"},
    ],
    "footer": {"text": "Refreshed now"},
}
FORM: dict[str, Any] = {
    "custom_id": "feedback",
    "title": "Feedback",
    "components": [
        {
            "type": 1,
            "components": [
                {"type": 4, "custom_id": "title", "label": "Title", "style": 1, "min_length": 3, "required": True}
            ],
        },
        {
            "type": 18,
            "label": "Details",
            "description": "As long as you like",
            "component": {"type": 4, "custom_id": "details", "style": 2, "required": False},
        },
    ],
}


def values_of(components: list[dict[str, Any]]) -> dict[str, str]:
    """The text inputs of a submitted form by their custom id."""
    found: dict[str, str] = {}
    for component in components:
        for inner in (
            *component.get("components", ()),
            *([component["component"]] if "component" in component else ()),
        ):
            found[inner["custom_id"]] = inner["value"]
    return found


class ChatBot:
    """Connected while the block runs; ``seen`` holds every interaction that reached it."""

    def __init__(self, emulator: Emulator, demo: DemoWorld) -> None:
        self._emulator = emulator
        self._demo = demo
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self.seen: list[dict[str, Any]] = []

    async def __aenter__(self) -> Self:
        token = self._demo.bot.token
        self._http = aiohttp.ClientSession(headers={"Authorization": f"Bot {token}"})
        await self.call("PUT", f"/applications/{self._demo.application.id}/commands", COMMANDS)
        self._task = asyncio.create_task(self._run(token))
        async with asyncio.timeout(10):
            await self._ready.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        outcome = await asyncio.gather(self._task, return_exceptions=True)
        await self._http.close()
        for failure in outcome:
            if isinstance(failure, Exception):
                raise failure

    async def call(self, method: str, path: str, body: Any) -> Any:
        async with self._http.request(method, f"{self._emulator.rest_url}{path}", json=body) as response:
            text = await response.text()
            assert response.status < 300, f"{method} {path}: {response.status} {text}"
            return await response.json() if text else None

    async def _run(self, token: str | None) -> None:
        url = f"{self._emulator.gateway_url}/?v=10&encoding=json"
        async with self._http.ws_connect(url) as socket:
            await socket.receive_json()
            properties = {"os": "linux", "browser": "test", "device": "test"}
            await socket.send_json({"op": 2, "d": {"token": token, "intents": 1, "properties": properties}})
            async for frame in socket:
                event = frame.json()
                if event.get("t") == "READY":
                    self._ready.set()
                elif event.get("t") == "INTERACTION_CREATE":
                    self.seen.append(event["d"])
                    await self._answer(event["d"])

    async def _reply(self, interaction: dict[str, Any], kind: int, **data: Any) -> None:
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback"
        await self.call("POST", path, {"type": kind, "data": data})

    async def _answer(self, interaction: dict[str, Any]) -> None:
        data = interaction["data"]
        if interaction["type"] == 4:
            typed = next(o["value"] for o in data["options"] if o.get("focused"))
            choices = [{"name": f.title(), "value": f} for f in FRUITS if f.startswith(typed.lower())]
            await self._reply(interaction, 8, choices=choices)
        elif interaction["type"] == 5:
            given = values_of(data["components"])
            await self._reply(interaction, 4, content=f"Thanks: {given['title']} / {given['details']}")
        else:
            await self._react(interaction, data.get("name") or data["custom_id"], data)

    async def _react(self, interaction: dict[str, Any], name: str, data: dict[str, Any]) -> None:
        options = {o["name"]: o.get("value") for o in data.get("options", ())}
        match name:
            case "ping":
                await self._reply(interaction, 4, content="Pong!")
            case "echo":
                await self._reply(interaction, 4, content=f"You said: {options}")
            case "fruit":
                await self._reply(interaction, 4, content=f"A fine {options['name']}")
            case "panel":
                await self._reply(interaction, 4, embeds=[EMBED], components=PANEL)
            case "secret":
                await self._reply(interaction, 4, content="Between us", flags=EPHEMERAL)
            case "think":
                await self._reply(interaction, 5)
                self._later = interaction
            case "settings":
                await self._reply(interaction, 4, content=f"Path: {data['options'][0]['name']}")
            case "press":
                await self._reply(interaction, 7, content="Pressed by " + interaction["member"]["user"]["username"])
            case "form":
                await self._reply(interaction, 9, **FORM)
            case "colours" | "person":
                await self._reply(interaction, 4, content=f"Chosen: {', '.join(data['values'])}")

    async def finish_thinking(self, content: str) -> None:
        path = f"/webhooks/{self._demo.application.id}/{self._later['token']}/messages/@original"
        await self.call("PATCH", path, {"content": content})
