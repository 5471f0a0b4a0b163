"""Error answers in Discord's form, with Discord's numbers.

Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from typing import Any

__all__ = ["ApiError", "forbidden", "invalid_form", "missing_access", "missing_permissions", "not_found"]

_UNKNOWN = {
    "account": 10001,
    "application": 10002,
    "channel": 10003,
    "guild": 10004,
    "invite": 10006,
    "member": 10007,
    "message": 10008,
    "role": 10011,
    "user": 10013,
    "emoji": 10014,
    "webhook": 10015,
    "ban": 10026,
    "interaction": 10062,
    "application command": 10063,
}


class ApiError(Exception):
    """Becomes the answer ``{"message", "code", "errors"?}`` with this HTTP status."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        errors: dict[str, Any] | None = None,
        *,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.extra = extra or {}
        self.status = status
        self.code = code
        self.errors = errors

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"message": str(self), "code": self.code, **self.extra}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


def not_found(what: str) -> ApiError:
    """404 "Unknown <what>"."""
    return ApiError(404, _UNKNOWN[what], f"Unknown {what.title() if what != 'application command' else what}")


def missing_access() -> ApiError:
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    return ApiError(403, 50013, "Missing Permissions")


def forbidden(code: int, message: str) -> ApiError:
    return ApiError(403, code, message)


def invalid_form(path: str, code: str, message: str) -> ApiError:
    """400 / 50035 with the error nested under its path (``embeds.0.title``)."""
    nested: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(path.split(".")):
        nested = {part: nested}
    return ApiError(400, 50035, "Invalid Form Body", nested)
