"""The root of every exception that SkynetBot raises on purpose."""

__all__ = ["ConfigurationError", "SkynetBotError"]


class SkynetBotError(Exception):
    """Something went wrong that the message explains; subclasses say what the caller can do."""


class ConfigurationError(SkynetBotError):
    """The operator has to change a setting; ``problems`` holds one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
