"""Every collective against NumPy, for every dtype, operation and number of ranks."""

import time

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mytorch
import mytorch.distributed as dist
from mytorch.distributed import ReduceOp
from tests.distributed.launch import checks
from tests.distributed.test_debug import calls_that_differ_are_named

DTYPES = (
    "float16 bfloat16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool "
    "complex64 complex128"
).split()
FOLDS = {
    ReduceOp.SUM: np.add,
    ReduceOp.PRODUCT: np.multiply,
    ReduceOp.MIN: np.minimum,
    ReduceOp.MAX: np.maximum,
    ReduceOp.BAND: np.bitwise_and,
    ReduceOp.BOR: np.bitwise_or,
    ReduceOp.BXOR: np.bitwise_xor,
}


def drawn(shape, dtype, rank, seed=0):
    """The tensor of ``rank``, which every rank can draw."""
    values = np.random.default_rng([seed, rank]).integers(0, 5, (2, *shape))
    if dtype.startswith("complex"):
        values = values[0] + 1j * values[1]
    elif dtype.startswith(("float", "bfloat")):
        values = values[0] + values[1] / 8
    else:
        values = values[0] % 2 if dtype == "bool" else values[0]
    return mytorch.tensor(np.asarray(values)).to(getattr(mytorch, dtype))


def folded(tensors, op):
    """What NumPy says of ``op``; 16-bit numbers in float32, rounded once."""
    arrays = [t.numpy() if t.dtype != mytorch.bfloat16 else t.float().numpy() for t in tensors]
    kind = arrays[0].dtype
    arrays = [a.astype("float32") if kind.itemsize == 2 and kind.kind == "f" else a for a in arrays]
    if kind.kind == "b":
        op = {ReduceOp.SUM: ReduceOp.BOR, ReduceOp.PRODUCT: ReduceOp.BAND}.get(op, op)
    out = arrays[0]
    for a in arrays[1:]:
        out = FOLDS[ReduceOp.SUM if op is ReduceOp.AVG else op](out, a)
    out = out / len(arrays) if op is ReduceOp.AVG else out
    return mytorch.tensor(np.asarray(out, kind)).to(tensors[0].dtype)


def fits(op, dtype):
    if dtype.startswith("complex"):
        return op in (ReduceOp.SUM, ReduceOp.AVG)
    if op in (ReduceOp.BAND, ReduceOp.BOR, ReduceOp.BXOR):
        return not dtype.startswith(("float", "bfloat"))
    return op is not ReduceOp.AVG or dtype.startswith(("float", "bfloat"))


def same(a, b, where=""):
    assert a.dtype == b.dtype and a.shape == b.shape, (where, a, b)
    a, b = (t.float().numpy() if t.dtype == mytorch.bfloat16 else t.numpy() for t in (a, b))
    exact = a.dtype.kind in "biu"
    tolerance = 0 if exact else 4e-3 if "float16" in where else 1e-5
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=0, err_msg=where)


CASES = [(op, dtype) for op in [*FOLDS, ReduceOp.AVG] for dtype in DTYPES if fits(op, dtype)]


def c_all_reduce(rank, size):
    for op, dtype in CASES:
        t = drawn((3, 5), dtype, rank)
        version = t._version
        assert dist.all_reduce(t, op) is None
        assert t._version == version + 1
        same(t, folded([drawn((3, 5), dtype, r) for r in range(size)], op), f"{op.name} {dtype}")


def c_reduce(rank, size):
    for op, dtype in CASES:
        root = (int(op) + len(dtype)) % size
        t = drawn((7,), dtype, rank)
        dist.reduce(t, root, op=op)
        of_all = [drawn((7,), dtype, r) for r in range(size)]
        same(t, folded(of_all, op) if rank == root else of_all[rank], f"{op.name} {dtype}")


def c_reduce_scatter(rank, size):
    for op, dtype in CASES:
        of_all = [[drawn((2, 3), dtype, r, part) for part in range(size)] for r in range(size)]
        out = drawn((2, 3), dtype, 99)
        dist.reduce_scatter(out, of_all[rank], op)
        wanted = folded([parts[rank] for parts in of_all], op)
        same(out, wanted, f"{op.name} {dtype}")
        flat = drawn((2, 3), dtype, 99)
        kept = mytorch.stack(of_all[rank])
        dist.reduce_scatter_tensor(flat, kept, op)
        same(flat, wanted, f"{op.name} {dtype}")
        same(kept, mytorch.stack(of_all[rank]), "the input stays as it is")


def c_moving(rank, size):
    """Broadcast, gather, scatter, all-gather and all-to-all change no bit of any dtype."""
    for dtype in DTYPES:
        root = len(dtype) % size
        of_all = [drawn((4, 3), dtype, r) for r in range(size)]
        t = of_all[rank].clone()
        dist.broadcast(t, root)
        same(t, of_all[root], dtype)
        parts = [mytorch.zeros_like(t) for _ in range(size)]
        dist.all_gather(parts, of_all[rank])
        for a, b in zip(parts, of_all):
            same(a, b, dtype)
        whole = mytorch.zeros(size * 4, 3, dtype=t.dtype)
        dist.all_gather_into_tensor(whole, of_all[rank])
        same(whole, mytorch.cat(of_all), dtype)
        parts = [mytorch.zeros_like(t) for _ in range(size)] if rank == root else None
        dist.gather(of_all[rank], parts, dst=root)
        for a, b in zip(parts or (), of_all):
            same(a, b, dtype)
        t = mytorch.zeros_like(t)
        dist.scatter(t, of_all if rank == root else None, src=root)
        same(t, of_all[rank], dtype)
        sent = [drawn((rank + 1, to + 1), dtype, rank, to) for to in range(size)]
        got = [mytorch.zeros(r + 1, rank + 1, dtype=t.dtype) for r in range(size)]
        dist.all_to_all(got, sent)
        for r in range(size):
            same(got[r], drawn((r + 1, rank + 1), dtype, r, rank), dtype)


def c_all_to_all_single(rank, size):
    x = mytorch.arange(size * 2 * 3).reshape(size * 2, 3) + 100 * rank
    out = mytorch.zeros_like(x)
    dist.all_to_all_single(out, x)
    each = [mytorch.arange(size * 2 * 3).reshape(size * 2, 3) + 100 * r for r in range(size)]
    same(out, mytorch.cat([t[2 * rank : 2 * rank + 2] for t in each]))
    sent = list(range(size))  # rank r sends i rows to rank i
    x = mytorch.full((sum(sent), 2), rank)
    out = mytorch.zeros(rank * size, 2, dtype=mytorch.int64)
    dist.all_to_all_single(out, x, [rank] * size, sent)
    same(out, mytorch.arange(size).repeat_interleave(rank)[:, None].expand(-1, 2).contiguous())


def c_uneven_all_gather(rank, size):
    out = [mytorch.zeros(r, 2) for r in range(size)]
    dist.all_gather(out, mytorch.full((rank, 2), float(rank)))
    for r, t in enumerate(out):
        same(t, mytorch.full((r, 2), float(r)))


def c_lists_that_travel_together(rank, size):
    for dtype in ("float32", "bfloat16", "complex64", "int64"):
        shapes = (3,), (), (2, 0), (2, 3)
        of_all = [[drawn(shape, dtype, r, i) for i, shape in enumerate(shapes)] for r in range(size)]
        places = [[mytorch.zeros_like(t) for t in of_all[rank]] for _ in range(size)]
        dist.all_gather_coalesced(places, of_all[rank])
        for mine, theirs in zip(places, of_all):
            for a, b in zip(mine, theirs):
                same(a, b, dtype)
        sums = [t.clone() for t in of_all[rank]]
        work = dist.all_reduce_coalesced(sums, async_op=True)
        assert work.wait() and work.result() is sums
        for i, total in enumerate(sums):
            same(total, folded([tensors[i] for tensors in of_all], ReduceOp.SUM), dtype)
    single = mytorch.ones(2)
    dist.all_reduce_coalesced(single, ReduceOp.AVG)
    assert (single == 1).all()


def c_coalesced_calls(rank, size):
    """Nothing waits inside; all has ended behind, or at ``wait()``."""
    total, whole, half = mytorch.full((2,), rank + 1.0), mytorch.zeros(size), mytorch.ones(3).half()
    for later in (False, True):
        with dist._coalescing_manager(async_ops=later) as batch:
            dist.all_reduce(total)
            dist.all_reduce(half)  # in several steps
            dist._all_gather_base(whole, total[:1] * 0 + rank)
            assert len(batch) == 3
        if later:
            batch.wait()
        assert not batch and dist.group.WORLD.batch is None
    assert (total == size * size * (size + 1) / 2).all() and (half == size * size).all()
    same(whole, mytorch.arange(size).float())
    part = mytorch.zeros(1)
    dist.reduce_scatter_single(part, whole)
    assert part.item() == rank * size


def c_not_contiguous(rank, size):
    base = mytorch.zeros(4, 6)
    view = base.t()[1:5:2]
    view += rank + 1
    dist.all_reduce(view)
    total = size * (size + 1) / 2
    assert (view == total).all() and base.sum() == total * 8
    out = mytorch.zeros(3, size).t()
    dist.all_gather_into_tensor(out, mytorch.full((1, 3), float(rank)))
    same(out, mytorch.arange(size).float()[:, None].expand(-1, 3).contiguous())
    dist.broadcast(view, src=size - 1)
    empty = mytorch.zeros(0, 3)
    dist.all_reduce(empty)
    scalar = mytorch.tensor(2.0)
    dist.all_reduce(scalar, ReduceOp.PRODUCT)
    assert scalar.item() == 2.0**size


def c_async(rank, size):
    tensors = [mytorch.full((1000,), float(rank + i)) for i in range(5)]
    works = [dist.all_reduce(t, async_op=True) for t in tensors]
    futures = [work.get_future().then(lambda f: f.value()[0] * 2) for work in works]
    for i, (work, t, future) in enumerate(zip(works, tensors, futures)):
        assert work.wait() and work.is_completed() and work.is_success() and work.exception() is None
        assert work.result()[0] is t and (t == sum(r + i for r in range(size))).all()
        assert (future.wait() == 2 * t).all() and future.done()
    # 16-bit sums go in two steps: what is called behind them begins behind them, on all ranks
    halves = [mytorch.full((10,), i, dtype=mytorch.float16) for i in range(3)]
    works = [dist.all_reduce(half, async_op=True) for half in halves]
    if rank == 0:
        time.sleep(0.05)
    dist.barrier()
    for work in works:
        work.wait()
    assert all((half == i * size).all() for i, half in enumerate(halves))
    dist.barrier(async_op=True).wait()


def c_sixteen_bits_are_summed_in_float32(rank, size):
    t = mytorch.full((33,), 2048.0 if rank == 0 else 0.75, dtype=mytorch.float16)
    dist.all_reduce(t)
    wanted = mytorch.tensor(2048 + 0.75 * (size - 1)).half()  # one by one, in float16, they would all be lost
    assert (t == wanted).all()


def c_groups(rank, size):
    pairs = dist.new_group([0, size - 1])
    t = mytorch.tensor([float(rank)])
    if rank in (0, size - 1):
        dist.all_reduce(t, group=pairs)
        assert t.item() == size - 1
        assert dist.get_world_size(pairs) == 2 and dist.get_rank(pairs) == (rank > 0)
        assert dist.get_process_group_ranks(pairs) == [0, size - 1]
        assert dist.get_global_rank(pairs, 1) == size - 1 and dist.get_group_rank(pairs, size - 1) == 1
        dist.broadcast(t, src=size - 1, group=pairs)
        dist.broadcast(t, group_src=1, group=pairs)
        dist.barrier(pairs)
    else:
        with pytest.warns(UserWarning, match="does not belong"):
            assert dist.all_reduce(t, group=pairs) is None
        assert pairs == dist.GroupMember.NON_GROUP_MEMBER
        assert dist.get_rank(pairs) == dist.get_world_size(pairs) == -1
    if size == 3 and rank == 1:
        with pytest.raises(ValueError, match="not part of group"):
            dist.get_group_rank(dist.group.WORLD, 7)
    if size % 2 == 0:
        mine, all_of_them = dist.new_subgroups(2)
        assert len(all_of_them) == size // 2 and all_of_them[rank // 2] is mine
        assert all_of_them.count(dist.GroupMember.NON_GROUP_MEMBER) == size // 2 - 1
        t = mytorch.ones(1)
        dist.all_reduce(t, group=mine)
        assert t.item() == 2 and rank in dist.get_process_group_ranks(mine)


def c_split_groups(rank, size):
    """All parts at once; ranks within the parent, sorted; a part again."""
    parts = [list(range(size))[::-2], list(range(size - 1))[::-2]]
    mine = dist.split_group(split_ranks=[part for part in parts if part], group_desc="stripes")
    ranks = sorted(next(part for part in parts if rank in part))
    assert dist.get_process_group_ranks(mine) == ranks and dist.get_rank(mine) == ranks.index(rank)
    t = mytorch.tensor([rank])
    dist.all_reduce(t, group=mine)
    assert t.item() == sum(ranks) and mine.group_name == "stripes"
    first = dist.split_group(mine, [[0]])
    assert (first is None) == (rank != ranks[0])
    assert first is None or dist.get_process_group_ranks(first) == [rank]
    for group in (first, mine):
        if group is not None:
            dist.destroy_process_group(group)
    dist.destroy_process_group(dist.GroupMember.NON_GROUP_MEMBER)


@hypothesis.settings(max_examples=25, deadline=None, derandomize=True, database=None)
@hypothesis.given(st.data())
def random_calls(rank, size, data):
    """All ranks draw the same groups, shapes, dtypes and operations."""
    ranks = data.draw(st.lists(st.integers(0, size - 1), min_size=1, unique=True))
    shape = tuple(data.draw(st.lists(st.integers(0, 5), max_size=3)))
    op, dtype = data.draw(st.sampled_from(CASES))
    group = dist.new_group(ranks, sort_ranks=data.draw(st.booleans()))
    if rank in ranks:
        of_all = {r: drawn(shape, dtype, r) for r in ranks}
        t = of_all[rank].clone()
        dist.all_reduce(t, op, group)
        same(t, folded(list(of_all.values()), op), f"{op.name} {dtype}")
        parts = [mytorch.zeros_like(t) for _ in ranks]
        dist.all_gather(parts, of_all[rank], group)
        for r, part in zip(dist.get_process_group_ranks(group), parts):
            same(part, of_all[r], dtype)
        dist.destroy_process_group(group)


def c_random_calls(rank, size):
    random_calls(rank, size)


def c_refusals(rank, size):
    """What is wrong on every rank is refused before anything is sent."""
    x = mytorch.ones(3)
    for error, match, call in (
        (TypeError, "Expected parameter `tensor`", lambda: dist.all_reduce([x])),
        (TypeError, "List", lambda: dist.all_gather(x, x)),
        (ValueError, "processes", lambda: dist.all_gather([x] * (size + 1), x)),
        (ValueError, "int64", lambda: dist.all_gather([mytorch.ones(3).long()] * size, x)),
        (ValueError, "times", lambda: dist.all_gather_into_tensor(mytorch.ones(2), x)),
        (ValueError, "complex", lambda: dist.all_reduce(x + 1j, ReduceOp.MAX)),
        (RuntimeError, "BAND", lambda: dist.all_reduce(x, ReduceOp.BAND)),
        (RuntimeError, "AVG", lambda: dist.all_reduce(x.long(), ReduceOp.AVG)),
        (RuntimeError, "PREMUL", lambda: dist.all_reduce(x, ReduceOp.PREMUL_SUM)),
        (ValueError, "src", lambda: dist.broadcast(x)),
        (ValueError, "not part of group", lambda: dist.broadcast(x, src=size)),
        (RuntimeError, "split_sizes", lambda: dist.all_to_all_single(x, x, [1] * size, [7] * size)),
        (ValueError, "twice", lambda: dist.new_group([0, 0])),
        (ValueError, "cannot be None or empty", lambda: dist.split_group()),
        (ValueError, "group cannot be empty", lambda: dist.split_group(split_ranks=[[0], []])),
        (ValueError, "duplicate", lambda: dist.split_group(split_ranks=[[0], [0]])),
        (ValueError, f"group of {size}", lambda: dist.split_group(split_ranks=[[size]])),
        (ValueError, r"tensors\[1\] is int64", lambda: dist.all_reduce_coalesced([x, x.long()])),
        (ValueError, "0 tensors", lambda: dist.all_reduce_coalesced([])),
        (ValueError, "lists of 1", lambda: dist.all_gather_coalesced([[x, x]] * size, [x])),
        (ValueError, "twice", lambda: dist.init_process_group()),
    ):
        with pytest.raises(error, match=match):
            call()


def c_ranks_that_differ_are_named(rank, size):
    """Sizes and dtypes are compared always; tensors of as many elements go together, whatever their shape."""
    if size > 1:
        assert not dist.group.WORLD.compares_first
        calls_that_differ_are_named(rank, size)
    x = mytorch.ones(6).reshape((2, 3) if rank else (6,))
    dist.all_reduce(x)
    assert (x == size).all()


@checks(globals())
def test_on_ranks(outcome):
    outcome()


@pytest.fixture
def alone():
    dist.init_process_group("gloo")
    yield
    dist.destroy_process_group()


@pytest.mark.parametrize("check", [f for name, f in list(globals().items()) if name.startswith("c_")])
def test_alone(check, alone):
    if check.__name__ not in ("c_groups",):
        check(0, 1)
