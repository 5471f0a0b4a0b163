"""The registry is complete: what a feature declares is wired, and nothing is declared twice."""

import importlib
import pkgutil
from pathlib import Path

import pytest

import skynetbot.features
from skynetbot.app import App
from skynetbot.features.registry import feature_names, schemas
from skynetbot.settings import OperatorSettings


@pytest.fixture
async def app(tmp_path: Path) -> App:
    return App(OperatorSettings(discord_token="MTIzNDU2Nzg5MDEyMzQ1Njc4.abcdef.abcdefghij", data_dir=str(tmp_path)))


def test_every_folder_below_features_is_a_feature() -> None:
    folders = {
        path.name for path in Path(skynetbot.features.__path__[0]).iterdir() if path.is_dir() and path.name[0] != "_"
    }
    assert folders == set(feature_names())
    for name in folders:
        module = importlib.import_module(f"skynetbot.features.{name}.feature")
        assert callable(module.build)


async def test_every_feature_is_built_under_the_name_of_its_folder(app: App) -> None:
    assert tuple(feature.name for feature in app.features) == feature_names()
    assert all(feature.title and feature.summary for feature in app.features)


async def test_every_command_is_routed(app: App) -> None:
    declared = {path for command in app.commands() for path in command.leaves()}
    assert declared
    assert set(app.router._leaves) == declared


async def test_every_stage_and_observer_is_in_the_pipeline(app: App) -> None:
    assert {spec.name for spec in app.plans._specs} == {s.name for f in app.features for s in f.stages}
    assert set(app.pipeline._observers) == {o for f in app.features for o in f.observers}


async def test_every_event_handler_is_registered(app: App) -> None:
    for feature in app.features:
        for event, handler in feature.events.items():
            assert handler in app.discord.events._raw[event]


async def test_every_schema_belongs_to_a_feature_that_declares_it(app: App) -> None:
    assert schemas() == {f.name: f.schema for f in app.features if f.schema is not None}
    for name, schema in schemas().items():
        assert schema.feature == name


def test_no_python_file_below_features_is_left_out() -> None:
    for module in pkgutil.walk_packages(skynetbot.features.__path__, "skynetbot.features."):
        importlib.import_module(module.name)
