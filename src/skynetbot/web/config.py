"""The dashboard's own settings, derived by the composition root from the operator's."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

__all__ = ["WebConfig"]

_DISCORD_CDN: Final = "https://cdn.discordapp.com"


@dataclass(frozen=True, kw_only=True, slots=True)
class WebConfig:
    """How the dashboard is reached, and how it reaches Discord.

    ``secure_cookies`` follows the scheme of ``public_url`` unless it is given.
    """

    public_url: str
    """How browsers reach the dashboard, for example https://bot.example.org; no path. Empty: WebServer fills in
    its own address."""
    client_id: str
    client_secret: str = field(repr=False)
    oauth_authorize_url: str = "https://discord.com/oauth2/authorize"
    oauth_api_base: str = "https://discord.com/api/v10"
    bot_invite_url: str = ""
    """Link that adds the bot to a server; default is made from the authorize URL and the client id."""
    chat_url: str = ""
    """The demo's chat page; empty outside the demo."""
    cdn_url: str | None = None
    """Where server icons come from; empty shows initials only. Default is Discord's, for Discord's own servers."""
    secure_cookies: bool | None = None
    cookie_name: str = "skynetbot_session"
    session_max_age_s: int = 14 * 24 * 3600
    trust_proxy: bool = False
    """Read the peer's address from X-Forwarded-For; only behind a proxy that sets it."""
    metrics_token: str = field(default="", repr=False)
    """Bearer token for /metrics from elsewhere than this machine; empty refuses them."""
    login_limit_per_minute: int = 20
    guilds_fresh_s: float = 60.0
    """How old a user's list of servers may be before it is fetched again."""
    guilds_stale_s: float = 600.0
    """How old it may be while Discord does not answer."""
    max_streams_per_session: int = 12

    def __post_init__(self) -> None:
        if not self.public_url:
            return
        parts = urlsplit(self.public_url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/"):
            raise ValueError(f"public_url must look like https://bot.example.org, not {self.public_url!r}")

    @property
    def origin(self) -> str:
        return self.public_url.rstrip("/")

    @property
    def cookies_secure(self) -> bool:
        return self.origin.startswith("https:") if self.secure_cookies is None else self.secure_cookies

    @property
    def images_from(self) -> str:
        if self.cdn_url is not None:
            return self.cdn_url
        host = urlsplit(self.oauth_api_base).hostname or ""
        return _DISCORD_CDN if host == "discord.com" or host.endswith(".discord.com") else ""

    @property
    def session_cookie(self) -> str:
        """The ``__Host-`` prefix makes browsers refuse the cookie from other hosts and plain http."""
        return f"__Host-{self.cookie_name}" if self.cookies_secure else self.cookie_name

    @property
    def redirect_uri(self) -> str:
        return f"{self.origin}/oauth/callback"

    def invite_url(self, guild_id: int | None = None) -> str:
        base = self.bot_invite_url or (
            f"{self.oauth_authorize_url}?client_id={self.client_id}&scope=bot+applications.commands"
        )
        return f"{base}&guild_id={guild_id}" if guild_id is not None and "?" in base else base
