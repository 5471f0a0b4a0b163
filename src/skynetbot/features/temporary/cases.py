"""/case: what was ordered, by whom, why, and what came of it."""

from typing import Final

from skynetbot.discord.commands import CommandContext, Reply, UserError
from skynetbot.discord.state.permissions import Permission
from skynetbot.features.temporary.desk import Desk
from skynetbot.features.temporary.wording import case_details, case_line

__all__ = ["CaseOrders"]

_SHOWN: Final = 15


class CaseOrders:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, context: CommandContext) -> Reply:
        await self._desk.order(context, Permission.MODERATE_MEMBERS)
        number = context.snowflake("number") or 0
        ledger = self._desk.ledger
        case = await ledger.case(context.guild_id, number)
        if case is None:
            raise UserError(f"There is no case #{number} in this server.")
        record = (await ledger.of_cases(case.guild_id, case.user_id, [number])).get(number)
        state, measure = (record.state, record.measure) if record is not None else (None, None)
        return Reply(title=f"Case #{number}", fields=tuple(case_details(case, state, measure)), ephemeral=True)

    async def list(self, context: CommandContext) -> Reply:
        await self._desk.order(context, Permission.MODERATE_MEMBERS)
        user_id = context.snowflake("member") or 0
        ledger = self._desk.ledger
        cases = await ledger.cases(context.guild_id, user_id, _SHOWN + 1, context.snowflake("before"))
        shown = cases[:_SHOWN]
        records = await ledger.of_cases(context.guild_id, user_id, [case.number for case in shown])
        lines = [f"<@{user_id}>"]
        for case in shown:
            record = records.get(case.number)
            state, measure = (record.state, record.measure) if record is not None else (None, None)
            lines.append(case_line(case, state, measure))
        if not shown:
            lines.append("No cases.")
        more = f"Older ones: /case list, before {shown[-1].number}" if len(cases) > _SHOWN else ""
        return Reply(title="Cases", description="\n".join(lines), footer=more, ephemeral=True)
