"""Every sentence about a measure: answers, the log, direct messages, timers."""

from collections.abc import Sequence
from typing import Final

from skynetbot.features.temporary.durations import spoken
from skynetbot.features.temporary.measures import ACTIVE, APPLYING, Measure
from skynetbot.storage.cases import CaseRow

__all__ = [
    "answer",
    "audit_reason",
    "case_details",
    "case_line",
    "direct",
    "done",
    "logged",
    "moment",
    "not_carried_out",
    "not_kept_up",
    "over",
    "stuck",
    "timer_title",
]

_MAX_AUDIT: Final = 450
_ICONS: Final = {"ban": "🔨", "mute": "🔇", "role": "🏷️", "lock": "🔒", "slowmode": "🐢"}


def moment(at: float) -> str:
    """A time that Discord shows in the reader's own zone."""
    return f"<t:{int(at)}:f> (<t:{int(at)}:R>)"


def done(measure: Measure) -> str:
    """What is so now."""
    who = _subject(measure)
    until = f" until {moment(measure.expires_at)}" if measure.expires_at is not None else ""
    match measure.kind:
        case "tempban":
            return f"{who} is banned{until}."
        case "unban":
            return f"{who} is not banned any more."
        case "mute":
            return f"{who} is muted{until}."
        case "unmute":
            return f"{who} is not muted any more."
        case "temprole":
            return f"{who} has <@&{measure.role_id}>{until}."
        case "untemprole":
            return f"{who} does not have <@&{measure.role_id}> any more."
        case "lock":
            return f"{who} is locked{until or ' until somebody unlocks it'}: @everyone cannot write."
        case "unlock":
            return f"{who} is unlocked: everything is as it was before."
        case "slowmode":
            pace = f"one message each {spoken(measure.seconds)}" if measure.seconds else "no slow mode"
            former = measure.before.slow_mode_s if measure.before is not None else 0
            back = f", then as before ({former} s)" if until else ""
            return f"{who} has {pace}{until}{back}."


def answer(measure: Measure, remark: str = "") -> str:
    """To the moderator, when it is done."""
    return f"{_icon(measure)} {done(measure)} Case #{measure.case}." + (f"\n{remark}" if remark else "")


def logged(measure: Measure, remark: str = "") -> str:
    """In the log channel, when it is done."""
    text = f"{_icon(measure)} Case #{measure.case} · **{measure.info.name}** by <@{measure.moderator_id}>: "
    return f"{text}{done(measure)}\n> {measure.reason}" + (f"\n{remark}" if remark else "")


def over(measure: Measure, outcome: str) -> str:
    """In the log channel, when it is over."""
    return f"✅ {_headline(measure)}: {outcome}"


def not_carried_out(measure: Measure, reason: str) -> str:
    return f"⚠️ {_headline(measure)} was not carried out: {reason}"


def stuck(measure: Measure, reason: str) -> str:
    return f"⚠️ {_headline(measure)} should be over, but I cannot end it: {reason} I keep trying."


def not_kept_up(measure: Measure, reason: str) -> str:
    return f"⚠️ {_headline(measure)} cannot be kept up: {reason}"


def direct(measure: Measure, guild_name: str, role_name: str) -> str | None:
    """To the member; None for what is not theirs to be told."""
    where = f"in **{guild_name}**"
    until = f" until {moment(measure.expires_at)}" if measure.expires_at is not None else ""
    match measure.kind:
        case "tempban":
            text = f"You are banned from **{guild_name}**{until}."
        case "mute":
            text = f"You are muted {where}{until}: you can read, but not write."
        case "unmute":
            text = f"You are not muted {where} any more."
        case "temprole":
            text = f"You have the role **{role_name}** {where}{until}."
        case "untemprole":
            text = f"You do not have the role **{role_name}** {where} any more."
        case _:
            return None
    return f"{text}\n> {measure.reason}"


def audit_reason(measure: Measure, *, end: bool = False) -> str:
    """What stands in Discord's own audit log."""
    if end:
        return f"Case #{measure.case}: its time is over"
    return f"Case #{measure.case} by {measure.moderator_name}: {measure.reason}"[:_MAX_AUDIT]


def timer_title(measure: Measure) -> str:
    """What the end of it is called in the list of timers."""
    name = measure.target_name
    about = {
        "tempban": f"Lift the ban of {name}",
        "mute": f"End of the mute of {name}",
        "temprole": f"Take a role from {name}",
        "lock": f"Unlock #{name}",
        "slowmode": f"Take back the slow mode of #{name}",
    }
    return f"{about.get(measure.kind, measure.info.name.capitalize())} (case #{measure.case})"


def case_line(case: CaseRow, state: str | None, measure: Measure | None) -> str:
    """One line of a list."""
    name = measure.info.name if measure is not None else case.kind
    said = f"**#{case.number}** {name} · <t:{int(case.at)}:d> · {case.reason[:80]}"
    return f"{said} · {_state(case, state, measure)}"


def case_details(case: CaseRow, state: str | None, measure: Measure | None) -> Sequence[tuple[str, str, bool]]:
    """The fields of one case."""
    whom = _subject(measure) if measure is not None else f"<@{case.user_id}>"
    fields = [
        ("What", measure.info.name if measure is not None else case.kind, True),
        ("Whom", whom, True),
        ("Moderator", f"<@{case.moderator_id}>", True),
        ("Reason", case.reason or "—", False),
        ("When", moment(case.at), True),
        ("Until", moment(case.expires_at) if case.expires_at is not None else "—", True),
    ]
    if measure is not None and measure.role_id:
        fields.append(("Role", f"<@&{measure.role_id}>", True))
    if case.closed_at is not None:
        fields.append(("Closed", moment(case.closed_at), True))
    fields.append(("State", _state(case, state, measure), False))
    if measure is not None and measure.problem:
        fields.append(("Trouble", measure.problem, False))
    return fields


def _subject(measure: Measure) -> str:
    return f"<#{measure.target_id}>" if measure.info.of_channel else f"<@{measure.target_id}>"


def _headline(measure: Measure) -> str:
    return f"Case #{measure.case} · {measure.info.name} of {_subject(measure)}"


def _state(case: CaseRow, state: str | None, measure: Measure | None) -> str:
    if measure is None or state is None:
        return "open" if case.closed_at is None else "closed"
    if state == APPLYING:
        return "Discord has not confirmed it yet"
    if state == ACTIVE:
        return f"in force until <t:{int(measure.expires_at)}:f>" if measure.expires_at is not None else "in force"
    return measure.outcome


def _icon(measure: Measure) -> str:
    return _ICONS[measure.info.thing] if measure.info.lasts else "✅"
