"""Operator settings: every bad value names itself and says what to do."""

from pathlib import Path

import pytest

from skynetbot.cli import main
from skynetbot.errors import ConfigurationError
from skynetbot.settings import load_settings, token_problem


def problems(environ: dict[str, str], config: Path | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ, config)
    return caught.value.problems


def test_defaults_need_nothing() -> None:
    assert load_settings({"PATH": "/bin"}).web_port == 8080


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    config = tmp_path / "bot.toml"
    config.write_text('web_port = 1000\nweb_host = "0.0.0.0"\n')
    settings = load_settings({"SKYNETBOT_WEB_PORT": "2000"}, config)
    assert (settings.web_port, settings.web_host) == (2000, "0.0.0.0")


def test_a_bad_value_names_its_variable_and_its_range() -> None:
    (problem,) = problems({"SKYNETBOT_WEB_PORT": "99999"})
    assert "SKYNETBOT_WEB_PORT" in problem
    assert "65535" in problem


def test_every_bad_value_is_named_at_once() -> None:
    assert len(problems({"SKYNETBOT_WEB_PORT": "x", "SKYNETBOT_LOG_LEVEL": "LOUD", "SKYNETBOT_COLOUR": "red"})) == 3


def test_an_unknown_setting_lists_the_known_ones(tmp_path: Path) -> None:
    config = tmp_path / "bot.toml"
    config.write_text("colour = 1\n")
    (problem,) = problems({}, config)
    assert "colour" in problem
    assert "web_port" in problem


def test_a_file_that_is_missing_or_no_toml_says_so(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("a = = 1")
    assert "cannot be read" in problems({}, tmp_path / "absent.toml")[0]
    assert "is not TOML" in problems({}, broken)[0]


@pytest.mark.parametrize("token", ["", "Bot abc.def.ghi", "just-a-client-secret", "a.b", "MTIz .abc.def"])
def test_a_wrong_token_says_what_is_wrong(token: str) -> None:
    assert token_problem(token)


def test_a_token_of_the_right_form_passes() -> None:
    assert token_problem("MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB") is None


def test_run_without_a_token_ends_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    assert main(["run"]) == 2
    assert "DISCORD_TOKEN is not set" in capsys.readouterr().err


def test_a_bad_setting_ends_with_status_2_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKYNETBOT_WEB_PORT", "eighty")
    assert main(["run"]) == 2
    assert "SKYNETBOT_WEB_PORT" in capsys.readouterr().err
