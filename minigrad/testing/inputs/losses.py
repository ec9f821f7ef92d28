"""Calls of losses."""

from __future__ import annotations

from hypothesis import strategies as st

from ...graph import Array
from ..arrays import Domain, Shape, arrays, shapes
from ..call import Call, Draw, call
from .network import classes, maybe, tame
from .table import inputs_of

reductions = st.sampled_from(["mean", "sum", "none"])
probability: Domain = (0.0, 1.0)


@st.composite
def pair(draw: Draw, *domains: Domain) -> list[Array]:
    """x and a target of the same shape, with at least one element, so that there is a mean."""
    shape = draw(shapes(min_side=1))
    return [draw(arrays(shape, domain=domain)) for domain in domains or [(-float("inf"), float("inf"))] * 2]


@inputs_of("mse_loss")
def _(draw: Draw) -> Call:
    return call(*draw(pair()), draw(reductions))


@st.composite
def tied_or_apart(draw: Draw) -> list[Array]:
    """x and a target, equal or well apart: a numerical derivative cannot see a step that is 1e-8 away."""
    shape = draw(shapes(min_side=1))
    return [draw(arrays(shape, kind=tame)) for _ in range(2)]


@inputs_of("l1_loss")
def _(draw: Draw) -> Call:
    return call(*draw(tied_or_apart()), draw(reductions))


@inputs_of("huber_loss")
def _(draw: Draw) -> Call:
    return call(*draw(pair()), draw(reductions), draw(st.sampled_from([1.0, 0.5, 2.0])))


@inputs_of("smooth_l1_loss")
def _(draw: Draw) -> Call:
    return call(*draw(tied_or_apart()), draw(reductions), draw(st.sampled_from([1.0, 0.5, 0.0])))


@inputs_of("binary_cross_entropy")
def _(draw: Draw) -> Call:
    x, target = draw(pair((0.01, 0.99), probability))  # numerical derivatives step aside
    weight = draw(maybe(arrays(x.shape[draw(st.integers(0, x.ndim)) :], domain=probability)))
    return call(x, target, weight, draw(reductions))


@inputs_of("binary_cross_entropy_with_logits")
def _(draw: Draw) -> Call:
    x, target = draw(pair())
    weights = [draw(maybe(arrays(x.shape[draw(st.integers(0, x.ndim)) :], domain=probability))) for _ in range(2)]
    return call(x, target, weights[0], draw(reductions), weights[1])


@inputs_of("kl_div")
def _(draw: Draw) -> Call:
    log_target = draw(st.booleans())
    x, target = draw(pair((-5.0, 1.0), (-5.0, 1.0) if log_target else probability))
    words = ["mean", "sum", "none"] + ["batchmean"] * (x.ndim > 0)
    return call(x, target, draw(st.sampled_from(words)), log_target)


# -- classes ----------------------------------------------------------------------------------------------------------


@st.composite
def logits(draw: Draw) -> tuple[Array, Shape, int]:
    """x, its shape without the axis of classes, and how many classes there are."""
    c = draw(st.integers(1, 4))
    batch = draw(st.sampled_from([(2,), (), (1,), (3,), (2, 2), (1, 2, 2)]))
    return draw(arrays((*batch[:1], c, *batch[1:]), kind=tame)), batch, c


@st.composite
def ignoring(draw: Draw, target: Array) -> tuple[Array, int]:
    """The target with some class ignored, but for the first one, and ignore_index."""
    if target.size < 2 or not draw(st.booleans()):
        return target, -100
    target = target.copy()
    target[(-1,) * target.ndim] = -1
    return target, -1


@inputs_of("cross_entropy")
def _(draw: Draw) -> Call:
    x, batch, c = draw(logits())
    weight = draw(maybe(arrays((c,), domain=(0.1, 3.0))))
    smoothing = draw(st.sampled_from([0.0, 0.1, 1.0]))
    if draw(st.booleans()):
        return call(x, draw(arrays(x.shape, domain=probability)), weight, -100, draw(reductions), smoothing)
    target, ignore_index = draw(ignoring(draw(classes(batch, c))))
    return call(x, target, weight, ignore_index, draw(reductions), smoothing)


@inputs_of("nll_loss")
def _(draw: Draw) -> Call:
    x, batch, c = draw(logits())
    target, ignore_index = draw(ignoring(draw(classes(batch, c))))
    return call(x, target, draw(maybe(arrays((c,), domain=(0.1, 3.0)))), ignore_index, draw(reductions))


# -- margins ----------------------------------------------------------------------------------------------------------


def signs(shape: Shape) -> st.SearchStrategy[Array]:
    """1 and -1."""
    return classes(shape, 2).map(lambda x: 2 * x - 1)


@inputs_of("hinge_loss")
def _(draw: Draw) -> Call:
    x, target = draw(tied_or_apart())
    if draw(st.booleans()):
        target = draw(signs(x.shape))
    return call(x, target, draw(reductions), draw(st.sampled_from([1.0, 0.3])))


@inputs_of("hinge_embedding_loss")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_side=1)))
    return call(x, draw(signs(x.shape)), draw(st.sampled_from([1.0, 0.5])), draw(reductions))


@inputs_of("margin_ranking_loss")
def _(draw: Draw) -> Call:
    x1, x2 = draw(tied_or_apart())
    target = draw(signs(x1.shape) | arrays(x1.shape, kind=tame))  # numbers that are no signs have a gradient
    return call(x1, x2, target, draw(st.sampled_from([0.3, 0.5])), draw(reductions))


@inputs_of("cosine_embedding_loss")
def _(draw: Draw) -> Call:
    batch = draw(st.sampled_from([(), (1,), (3,)]))
    x1, x2 = (draw(arrays((*batch, 3), kind="gaussian")) for _ in range(2))
    return call(x1, x2, draw(signs(batch)), draw(st.sampled_from([0.0, 0.5])), draw(reductions))


@inputs_of("triplet_margin_loss")
def _(draw: Draw) -> Call:
    batch = draw(st.sampled_from([(), (1,), (3,)]))
    xs = [draw(arrays((*batch, 3))) for _ in range(3)]
    p = draw(st.sampled_from([2.0, 1.0, 3.0]))
    return call(*xs, 1.0, p, 0.1, draw(st.booleans()), draw(reductions))
