"""The levels that roles give, as settings like any other's; what they mean is in `guildconfig.levels`."""

from skynetbot.features.contract import Feature, FeatureServices
from skynetbot.guildconfig.levels import ACCESS_SCHEMA as SCHEMA

__all__ = ["SCHEMA", "build"]


def build(_: FeatureServices) -> Feature:
    return Feature(
        name="access",
        title="Access",
        summary="Gives levels to roles: who may change which settings, and who moderates.",
        schema=SCHEMA,
    )
