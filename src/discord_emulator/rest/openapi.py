"""Holds requests and answers against Discord's own OpenAPI document, so that this server cannot drift from it.

Source: https://github.com/discord/discord-api-spec
"""

import logging
import re
import sys
from collections import deque
from pathlib import Path
from typing import Any, Final

import msgspec

from discord_emulator.rest.schema import problems

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["Contract"]

_log = logging.getLogger(__name__)
_PARAMETER: Final = re.compile(r"{[^}]+}")
_KEPT: Final = 200
# Where the document is known to differ from its own reference, and from Discord.
_CORRECTED: Final[dict[str, Any]] = {
    # It gives the errors inside 50035 numbers as codes; they are words.
    # https://discord.com/developers/docs/reference#error-messages
    "InnerErrors": {
        "type": "object",
        "required": ["_errors"],
        "additionalProperties": False,
        "properties": {
            "_errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["code", "message"],
                    "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
                },
            }
        },
    },
    # It has no answer to a deferred message with_response; libraries rely on the loading message being in it.
    "CreateMessageInteractionCallbackResponse": {
        "type": "object",
        "required": ["type", "message"],
        "properties": {
            "type": {"type": "integer", "enum": [4, 5]},
            "message": {"$ref": "#/components/schemas/MessageResponse"},
        },
    },
}
_VERBS: Final = ("get", "put", "post", "patch", "delete")


class Contract:
    """The document, and what has been found to break it: ``violations``, newest last, the oldest forgotten.

    A request breaks it when the document forbids what this server accepted; an answer when its form is another.
    Routes that the document does not have (those of people's own clients) are not checked.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        components = document["components"]
        schemas = {**components["schemas"], **_CORRECTED}
        self._components: dict[str, Any] = {**components, "schemas": schemas}
        # Discord always writes ids as strings and reads them as numbers too.
        self._read_schemas = {**schemas, "SnowflakeType": {"type": ["string", "integer"], "pattern": "^[0-9]+$"}}
        self._operations: dict[tuple[str, str], dict[str, Any]] = {}
        for path, operations in document["paths"].items():
            for verb in _VERBS:
                if verb in operations:
                    self._operations[verb.upper(), _shape(path)] = operations[verb]
        self.violations: deque[str] = deque(maxlen=_KEPT)
        self.checked: dict[tuple[str, str], int] = {}
        """How often each (method, path) was checked, for tests of coverage."""

    @classmethod
    def load(cls, path: Path) -> "Contract":
        """Read the document, ``.json`` or ``.json.zst``.

        Raises:
            OSError: it cannot be read.
            ValueError: it is no OpenAPI document.
        """
        raw = path.read_bytes()
        try:
            document = msgspec.json.decode(zstd.decompress(raw) if path.suffix == ".zst" else raw)
            return cls(document)
        except (zstd.ZstdError, msgspec.DecodeError, KeyError, TypeError) as error:
            raise ValueError(f"{path}: this is no OpenAPI document ({error})") from error

    def again(self) -> "Contract":
        """Another contract over the same document, with nothing found yet."""
        other = Contract({"components": self._components, "paths": {}})
        other._operations = self._operations
        return other

    def knows(self, method: str, path: str) -> bool:
        """Whether the document has this operation, whatever its parameters are called."""
        return (method, _shape(path)) in self._operations

    def check(self, method: str, path: str, *, request: Any, status: int, answer: Any) -> None:
        """Check one call; ``path`` is the template without the version prefix, None stands for no body."""
        key = method, _shape(path)
        operation = self._operations.get(key)
        if operation is None:
            return
        self.checked[method, path] = self.checked.get((method, path), 0) + 1
        where = f"{method} {path} -> {status}"
        schema = self._request_schema(operation)
        if schema is not None and status < 300 and request is not None:
            self._note(f"{where}, request", problems(request, schema, self._read_schemas, reading=True))
        expected = self._response(operation, status)
        if expected is None:
            self._found(f"{where}: the document has no such status")
            return
        schema = expected.get("content", {}).get("application/json", {}).get("schema")
        if schema is not None:
            self._note(where, problems(answer, schema, self._components["schemas"]))
        elif answer is not None:
            self._found(f"{where}: the document has no body here")

    def _note(self, where: str, found: Any) -> None:
        for line in found:
            self._found(f"{where}: {line}")

    def _found(self, violation: str) -> None:
        self.violations.append(violation)
        _log.warning("not as Discord documents it: %s", violation)

    def _request_schema(self, operation: dict[str, Any]) -> dict[str, Any] | None:
        schema: dict[str, Any] | None = (
            operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        )
        return schema

    def _response(self, operation: dict[str, Any], status: int) -> dict[str, Any] | None:
        responses = operation["responses"]
        found: dict[str, Any] | None = responses.get(str(status)) or responses.get(f"{status // 100}XX")
        if found is not None and "$ref" in found:
            found = self._components["responses"][found["$ref"].rpartition("/")[2]]
        return found


def _shape(path: str) -> str:
    return _PARAMETER.sub("{}", path)
