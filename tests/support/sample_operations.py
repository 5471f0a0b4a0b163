"""Hypothesis strategies for operations on the sample table: few keys and small values, so that they meet."""

from hypothesis import strategies as st

from skynetbot.writes.operations import (
    AddMember,
    Append,
    Delete,
    Increment,
    Max,
    Min,
    Operation,
    RemoveMember,
    Set,
    SetOnce,
)

__all__ = ["keys", "list_operations", "number_operations", "operations", "real_operations", "text_operations"]

T = "sample"
keys = st.tuples(st.integers(1, 2), st.sampled_from(["a", "b"]))
_small = st.integers(-3, 3)
_reals = st.sampled_from([-1.5, 0.0, 0.25, 2.0, 1e9])
_texts = st.sampled_from(["", "x", "yy", "é😀"])
_lists = st.lists(_small | _texts, max_size=3)
_numbers = st.sampled_from(["total", "other"])

number_operations = st.one_of(
    st.builds(Increment, st.just(T), keys, _numbers, _small),
    st.builds(Set, st.just(T), keys, _numbers, _small),
    st.builds(SetOnce, st.just(T), keys, _numbers, _small),
    st.builds(Max, st.just(T), keys, _numbers, _small),
    st.builds(Min, st.just(T), keys, _numbers, _small),
    st.builds(Delete, st.just(T), keys, _numbers),
)
real_operations = st.one_of(
    *(st.builds(kind, st.just(T), keys, st.just("seen"), _reals) for kind in (Set, SetOnce, Max, Min)),
    st.builds(Delete, st.just(T), keys, st.just("seen")),
)
text_operations = st.one_of(
    *(st.builds(kind, st.just(T), keys, st.just("name"), _texts) for kind in (Set, SetOnce)),
    st.builds(Delete, st.just(T), keys, st.just("name")),
)
list_operations = st.one_of(
    st.builds(Append, st.just(T), keys, st.just("last"), _small | _texts, st.integers(1, 4)),
    *(st.builds(kind, st.just(T), keys, st.just("last"), _lists) for kind in (Set, SetOnce)),
    st.builds(Delete, st.just(T), keys, st.just("last")),
)
_set_operations = st.one_of(
    *(st.builds(kind, st.just(T), keys, st.just("tags"), _texts) for kind in (AddMember, RemoveMember)),
    *(st.builds(kind, st.just(T), keys, st.just("voters"), _small) for kind in (AddMember, RemoveMember)),
    st.builds(Delete, st.just(T), keys, st.sampled_from(["tags", "voters"])),
)
_drops = st.builds(Delete, st.just(T), keys, st.just(""))
operations: st.SearchStrategy[Operation] = st.one_of(
    number_operations, real_operations, text_operations, list_operations, _set_operations, _drops
)
