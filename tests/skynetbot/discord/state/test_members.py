"""The packed members beside a plain dict, and what goes when there are too many."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.discord.state.members import NO_MEMBERS, MemberTable
from skynetbot.discord.state.views import MemberView

IDS = st.integers(1, 12) | st.integers(1, (1 << 63) - 1)
ROLES = st.sets(st.integers(100, 106) | st.integers(1, (1 << 63) - 1), max_size=5)
MEMBERS = st.builds(
    lambda user_id, roles, joined, until: MemberView(user_id, tuple(sorted(roles)), joined, until),
    IDS,
    ROLES,
    st.none() | st.integers(1, (1 << 32) - 1),
    st.none() | st.floats(1, 1e11),
)
STEPS = st.lists(
    st.tuples(st.just("put"), MEMBERS)
    | st.tuples(st.just("remove"), IDS)
    | st.tuples(st.just("drop role"), st.integers(100, 106)),
    max_size=40,
)


@given(STEPS)
def test_any_steps_leave_what_a_dict_would_hold(steps: list[tuple[str, Any]]) -> None:
    data, model = NO_MEMBERS, dict[int, MemberView]()
    for step, what in steps:
        table = MemberTable(data)
        if step == "put":
            data = table.with_member(what)
            model[what.id] = what
        elif step == "remove":
            data = table.without_member(what)
            model.pop(what, None)
        else:
            data = table.without_role(what)
            model = {
                m.id: MemberView(m.id, tuple(r for r in m.roles if r != what), m.joined_at, m.timeout_until)
                for m in model.values()
            }
        table = MemberTable(data)
        table.check()
        assert list(table) == [model[user_id] for user_id in sorted(model)]
        assert len(table) == len(model)
        assert all(table.find(user_id) == model[user_id] for user_id in model)
        assert all(table.find(user_id + 1) == model.get(user_id + 1) for user_id in model)


@given(st.lists(MEMBERS, max_size=30))
def test_packed_at_once_is_the_same_as_one_by_one(members: list[MemberView]) -> None:
    data = NO_MEMBERS
    for member in members:
        data = MemberTable(data).with_member(member)
    at_once = MemberTable(MemberTable.pack(members))
    at_once.check()
    assert list(at_once) == list(MemberTable(data))


def test_members_with_the_same_roles_share_them() -> None:
    roles = tuple(range(1 << 60, (1 << 60) + 40))
    packed = MemberTable.pack(MemberView(user_id, roles, 5, None) for user_id in range(1, 1001))
    assert len(packed) < 1000 * 16 + 40 * 8 + 100


def test_the_order_of_roles_does_not_matter() -> None:
    one = MemberTable.pack([MemberView(1, (8, 16, 24), None, None)])
    both = MemberTable(one).with_member(MemberView(2, (24, 16, 8), None, None))
    assert len(both) == len(one) + 16
    assert [member.roles for member in MemberTable(both)] == [(8, 16, 24)] * 2


def test_more_roles_than_a_byte_can_count() -> None:
    members = [MemberView(user_id, tuple(range(user_id, user_id + 60)), None, None) for user_id in range(1, 3000, 50)]
    assert list(MemberTable(MemberTable.pack(members))) == members


def test_what_members_had_does_not_pile_up() -> None:
    data = MemberTable.pack([MemberView(1, (), None, None), MemberView(2, (7,), None, None)])
    sizes = []
    for number in range(2000):
        data = MemberTable(data).with_member(MemberView(1, (number + 10, number + 11), None, None))
        sizes.append(len(data))
    assert max(sizes) < 3000
    assert list(MemberTable(data)) == [MemberView(1, (2009, 2010), None, None), MemberView(2, (7,), None, None)]


def test_the_column_of_timeouts_goes_with_the_last_one() -> None:
    calm = MemberTable.pack(MemberView(user_id, (), 5, None) for user_id in range(1, 11))
    tense = MemberTable(calm).with_member(MemberView(3, (), 5, 9.5))
    assert len(tense) == len(calm) + 80
    assert MemberTable(tense).with_member(MemberView(3, (), 5, None)) == calm


def test_trimming_drops_the_unremarkable_first_and_the_earliest_joined_of_them() -> None:
    members = [
        MemberView(1, (), 50, None),
        MemberView(2, (), 10, None),
        MemberView(3, (9,), 5, None),
        MemberView(4, (9,), 6, None),
        MemberView(5, (), 1, 99.0),
        MemberView(6, (), 0 or None, None),
    ]
    kept = [
        [member.id for member in MemberTable(MemberTable(MemberTable.pack(members)).trimmed(bound, 6))]
        for bound in (6, 5, 4, 3, 2, 1)
    ]
    assert kept == [[1, 2, 3, 4, 5, 6], [1, 3, 4, 5, 6], [3, 4, 5, 6], [3, 4, 6], [4, 6], [6]]


@pytest.mark.parametrize(
    "data",
    [
        NO_MEMBERS[:-1],
        NO_MEMBERS + b"x",
        b"\1" + NO_MEMBERS[1:],
        MemberTable.pack([MemberView(1, (2,), 3, 4.0)])[:-2] + b"\x09\0",
    ],
)
def test_other_bytes_are_no_table(data: bytes) -> None:
    with pytest.raises(ValueError):
        MemberTable(data).check()
