"""Templates to answers: one Jinja environment, escaping always on, an unknown name is an error."""

from datetime import UTC, datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import MediaType, Response

from skynetbot.web.assets import Assets
from skynetbot.web.config import WebConfig
from skynetbot.web.ports import ActionRecord
from skynetbot.web.sessions import Session

__all__ = ["Pages"]

# The hues of the initials that stand in for a server without an icon; classes, because styles inline are forbidden.
_HUES: Final = 8
_TONE_ICONS: Final = {"delete": "trash-2", "warn": "triangle-alert", "rank": "trophy", "other": "zap"}
_FEATURE_ICONS: Final = {
    "access": "lock",
    "activity": "activity",
    "ranks": "trophy",
    "wordfilter": "shield",
    "general": "settings",
}


class Pages:
    def __init__(self, assets: Assets, config: WebConfig) -> None:
        self._environment = Environment(
            loader=PackageLoader("skynetbot.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            asset=assets.url,
            config=config,
            icon_url=lambda guild: _icon_url(config, guild.id, guild.icon),
        )
        self._environment.filters.update(
            number=lambda value: f"{value:,}",
            utc=_utc,
            iso=lambda at: datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"),
            initials=_initials,
            hue=lambda value: f"hue-{(value ^ value >> 22) % _HUES}",
            tone=_tone,
            tone_icon=_TONE_ICONS.__getitem__,
            feature_icon=_feature_icon,
        )

    def page(
        self, template: str, *, session: Session | None = None, status: int = 200, **context: Any
    ) -> Response[str]:
        """A whole page; ``session`` draws the user's menu and gives forms their token."""
        body = self.fragment(template, session=session, **context)
        return Response(body, media_type=MediaType.HTML, status_code=status)

    def fragment(self, template: str, **context: Any) -> str:
        return self._environment.get_template(template).render(**context)


def _tone(action: ActionRecord) -> str:
    """Which of the feed's few looks an action has, by its words; a new kind of action needs nothing here."""
    words = f"{action.kind} {action.summary}".lower()
    return next((tone for tone in ("warn", "delete", "rank") if tone in words), "other")


def _feature_icon(feature: str) -> str:
    return _FEATURE_ICONS.get(feature, "settings")


def _utc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%-d %b %Y, %H:%M UTC")


def _initials(name: str) -> str:
    words = [word for word in name.replace("_", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or name[:1]


def _icon_url(config: WebConfig, guild_id: int, icon: str | None) -> str:
    """The address of a server's icon; empty when there is none to fetch."""
    if not icon or not config.images_from or not icon.replace("_", "").isalnum():
        return ""
    return f"{config.images_from.rstrip('/')}/icons/{guild_id}/{icon}.png?size=128"
