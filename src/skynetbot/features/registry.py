"""Finds every feature by its folder: ``features/<name>/feature.py`` with ``build`` and perhaps ``SCHEMA``."""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import skynetbot.features
from skynetbot.errors import SkynetBotError
from skynetbot.features.contract import Feature, FeatureServices
from skynetbot.guildconfig.schema import Schema

__all__ = ["build_features", "feature_names", "schemas"]


def feature_names() -> tuple[str, ...]:
    """The folders below ``features``, in alphabetical order."""
    found = pkgutil.iter_modules(skynetbot.features.__path__)
    return tuple(sorted(module.name for module in found if module.ispkg))


def schemas() -> Mapping[str, Schema[Any]]:
    """The settings schema of each feature that has one, by feature name."""
    found = {name: getattr(_module(name), "SCHEMA", None) for name in feature_names()}
    return {name: schema for name, schema in found.items() if schema is not None}


def build_features(services: FeatureServices) -> tuple[Feature, ...]:
    """Every feature, built.

    Raises:
        SkynetBotError: two features claim the same command, or one is not named like its folder.
    """
    features = tuple(_module(name).build(services) for name in feature_names())
    commands: dict[str, str] = {}
    for name, feature in zip(feature_names(), features, strict=True):
        if feature.name != name:
            raise SkynetBotError(f"features/{name} declares itself as {feature.name!r}; name it like its folder.")
        for command in feature.commands:
            if command.name in commands:
                raise SkynetBotError(f"/{command.name} is declared by {commands[command.name]} and by {name}.")
            commands[command.name] = name
    return features


def _module(name: str) -> Any:
    return importlib.import_module(f"{skynetbot.features.__name__}.{name}.feature")
