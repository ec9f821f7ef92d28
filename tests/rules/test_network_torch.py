"""Values, gradients and second derivatives of the network ops are PyTorch's, in double precision, to 1e-10."""

import numpy as np
import pytest

import minigrad as mg

torch = pytest.importorskip("torch")
F = torch.nn.functional
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore:Using padding='same'")]


def normal(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


def uniform(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).uniform(0.05, 0.95, shape)


def compare(ours, theirs, *arrays):
    """Values; the gradient of <out, g>; the gradient of the squared gradient of sum(out^3)."""
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    expected = theirs(*tensors)
    g = np.random.default_rng(1).standard_normal(tuple(expected.shape))
    out, pullback = mg.vjp(ours, *arrays)
    np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-10, atol=1e-10, strict=True)
    for got, want in zip(pullback(g), torch.autograd.grad(expected, tensors, torch.tensor(g))):
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-10, atol=1e-10)

    argnums = tuple(range(len(arrays)))

    def steepness(*xs):
        return sum(mg.sum(slope**2) for slope in mg.grad(lambda *xs: mg.sum(ours(*xs) ** 3), argnums)(*xs))

    slopes = torch.autograd.grad((theirs(*tensors) ** 3).sum(), tensors, create_graph=True)
    wanted = torch.autograd.grad(sum((slope**2).sum() for slope in slopes), tensors)
    for got, want in zip(mg.grad(steepness, argnums)(*arrays), wanted):
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-9, atol=1e-9 * max(1, np.abs(want.numpy()).max()))


# -- linear and tokens ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [(), (3,), (2, 3)])
def test_linear_and_bilinear(batch):
    compare(mg.linear, F.linear, normal(*batch, 4), normal(5, 4), normal(5))
    compare(mg.linear, F.linear, normal(*batch, 4), normal(5, 4))
    compare(mg.bilinear, F.bilinear, normal(*batch, 4), normal(*batch, 2), normal(5, 4, 2), normal(5))


@pytest.mark.parametrize("padding_idx", [None, 1, -1])
def test_embedding(padding_idx):
    x = np.array([[1, 0, 4, 1], [1, 4, 4, 2]])
    compare(
        lambda w: mg.embedding(x, w, padding_idx), lambda w: F.embedding(torch.tensor(x), w, padding_idx), normal(5, 2)
    )
    np.testing.assert_array_equal(mg.one_hot(x, 7), F.one_hot(torch.tensor(x), 7).numpy())


# -- convolution --------------------------------------------------------------------------------------------------------

CONVOLUTIONS = [
    {},
    {"stride": 2},
    {"padding": 1},
    {"padding": "valid"},
    {"padding": "same"},
    {"padding": "same", "dilation": 2},
    {"groups": 2},
    {"stride": 3, "padding": 1, "dilation": 2, "groups": 2},
]


@pytest.mark.parametrize("options", CONVOLUTIONS)
@pytest.mark.parametrize("channels", [2, 12])  # on either side of the limit at which the windows' layout changes
@pytest.mark.parametrize("batch", [(), (3,)])
def test_convolution(options, channels, batch):
    groups = options.get("groups", 1)
    for axes, ours, theirs in ((1, mg.conv1d, F.conv1d), (2, mg.conv2d, F.conv2d)):
        x, weight = normal(*batch, channels, *(7, 8)[:axes]), normal(4, channels // groups, *(3, 2)[:axes])
        compare(lambda *a: ours(*a, **options), lambda *a: theirs(*a, **options), x, weight, normal(4))


def test_convolution_with_a_number_for_each_axis():
    options = {"stride": (2, 1), "padding": (0, 2), "dilation": (1, 2)}
    arrays = normal(2, 3, 7, 8), normal(4, 3, 3, 2)
    compare(lambda *a: mg.conv2d(*a, **options), lambda *a: F.conv2d(*a, **options), *arrays)


TRANSPOSED = [
    {},
    {"stride": 2},
    {"padding": 1},
    {"stride": 2, "output_padding": 1},
    {"dilation": 2, "output_padding": 1},  # room for windows that the input has not
    {"groups": 2},
    {"stride": 3, "padding": 2, "dilation": 2, "groups": 2, "output_padding": 2},
]


@pytest.mark.parametrize("options", TRANSPOSED)
@pytest.mark.parametrize("batch", [(), (3,)])
def test_transposed_convolution(options, batch):
    pairs = (1, mg.conv_transpose1d, F.conv_transpose1d), (2, mg.conv_transpose2d, F.conv_transpose2d)
    for axes, ours, theirs in pairs:
        x = normal(*batch, 6, *(7, 5)[:axes])
        weight = normal(6, 4 // options.get("groups", 1), *(3, 2)[:axes])
        compare(lambda *a: ours(*a, **options), lambda *a: theirs(*a, **options), x, weight, normal(4))


# -- pooling and resampling -----------------------------------------------------------------------------------------------

POOLS = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2},
    {"kernel_size": 3, "stride": 1, "padding": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"kernel_size": 2, "stride": 3, "ceil_mode": True},
    {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True},
]


@pytest.mark.parametrize("options", POOLS)
@pytest.mark.parametrize("shape", [(3, 2, 7, 8), (2, 7, 8), (2, 6, 5), (1, 6, 6)])
def test_pooling(options, shape):
    x, row = normal(*shape), normal(*shape[:-1])
    compare(lambda x: mg.max_pool2d(x, **options), lambda x: F.max_pool2d(x, **options), x)
    compare(lambda x: mg.avg_pool2d(x, **options), lambda x: F.avg_pool2d(x, **options), x)
    if len(shape) == 4:
        compare(lambda x: mg.max_pool1d(x, **options), lambda x: F.max_pool1d(x, **options), row)
        compare(lambda x: mg.avg_pool1d(x, **options), lambda x: F.avg_pool1d(x, **options), row)
    for more in ({"count_include_pad": False}, {"divisor_override": 5}):
        compare(lambda x: mg.avg_pool2d(x, **options, **more), lambda x: F.avg_pool2d(x, **options, **more), x)


def test_pooling_with_dilation_and_a_number_for_each_axis():
    options = {"kernel_size": (3, 2), "stride": (1, 2), "padding": (1, 0), "dilation": (2, 1), "ceil_mode": True}
    compare(lambda x: mg.max_pool2d(x, **options), lambda x: F.max_pool2d(x, **options), normal(2, 3, 7, 7))


@pytest.mark.parametrize("size", [1, (3, 4), (None, 2), (9, 6)])
def test_adaptive_average(size):
    for shape in ((2, 3, 7, 6), (3, 7, 6)):
        compare(lambda x: mg.adaptive_avg_pool2d(x, size), lambda x: F.adaptive_avg_pool2d(x, size), normal(*shape))
    compare(lambda x: mg.adaptive_avg_pool1d(x, 3), lambda x: F.adaptive_avg_pool1d(x, 3), normal(2, 3, 7))


@pytest.mark.parametrize("size", [{"size": 9}, {"size": (3, 8)}, {"scale_factor": 2}, {"scale_factor": (1.7, 0.6)}])
def test_interpolate(size):
    modes = [{"mode": "nearest"}, *({"mode": "bilinear", "align_corners": how} for how in (None, False, True))]
    for options in modes + [{"mode": "area"}] * ("size" in size):
        x = normal(2, 3, 5, 7)
        compare(lambda x: mg.interpolate(x, **size, **options), lambda x: F.interpolate(x, **size, **options), x)


def test_interpolate_picks_the_same_nearest_place_everywhere():
    for n in range(1, 20):
        x = np.arange(float(n)).reshape(1, 1, n)
        for m in range(1, 40):
            np.testing.assert_array_equal(mg.interpolate(x, m), F.interpolate(torch.tensor(x), m).numpy())


# -- normalization ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "last"), [((4, 3, 5), (5,)), ((4, 3, 5), (3, 5)), ((5,), (5,))])
def test_layer_and_rms_norm(shape, last):
    x, weight, bias = normal(*shape), normal(*last), normal(*last, seed=1)
    compare(lambda *a: mg.layer_norm(a[0], last, *a[1:]), lambda *a: F.layer_norm(a[0], last, *a[1:]), x, weight, bias)
    compare(lambda x: mg.layer_norm(x, last), lambda x: F.layer_norm(x, last), x)
    compare(lambda x, w: mg.rms_norm(x, last, w), lambda x, w: F.rms_norm(x, last, w), x, weight)


@pytest.mark.parametrize("shape", [(4, 6, 5), (4, 6, 3, 2)])
def test_group_and_instance_norm(shape):
    x, weight, bias, mean, var = normal(*shape), normal(6), normal(6, seed=1), normal(6, seed=2), uniform(6)
    for groups in (1, 2, 6):
        compare(
            lambda x, w, b: mg.group_norm(x, groups, w, b),
            lambda x, w, b: F.group_norm(x, groups, w, b),
            *(x, weight, bias),
        )
    compare(
        lambda x, w, b: mg.instance_norm(x, None, None, w, b),
        lambda x, w, b: F.instance_norm(x, weight=w, bias=b),
        *(x, weight, bias),
    )
    compare(
        lambda x, w, b: mg.instance_norm(x, mean, var, w, b, use_input_stats=False),
        lambda x, w, b: F.instance_norm(x, torch.tensor(mean), torch.tensor(var), w, b, use_input_stats=False),
        *(x, weight, bias),
    )


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 5), (4, 6, 3, 2)])
def test_batch_norm(shape):
    x, weight, bias, mean, var = normal(*shape), normal(6), normal(6, seed=1), normal(6, seed=2), uniform(6)
    compare(
        lambda x, w, b: mg.batch_norm(x, None, None, w, b, training=True),
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
        *(x, weight, bias),
    )
    compare(
        lambda x, w, b: mg.batch_norm(x, mean, var, w, b),
        lambda x, w, b: F.batch_norm(x, torch.tensor(mean), torch.tensor(var), w, b),
        *(x, weight, bias),
    )


def test_batch_norm_training_differentiates_the_statistics_too():
    def ours(x, w, b):
        out, mean, var = mg.batch_norm_training(x, w, b)
        return np.concatenate([out.reshape(-1), 3 * mean, 2 * var])

    def theirs(x, w, b):
        out = F.batch_norm(x, None, None, w, b, training=True)
        return torch.cat([out.reshape(-1), 3 * x.mean((0, 2)), 2 * x.var((0, 2), correction=0)])

    compare(ours, theirs, normal(4, 6, 5), normal(6), normal(6, seed=1))


# -- attention ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"scale": 0.3}])
def test_attention(batch, options):
    compare(
        lambda *a: mg.scaled_dot_product_attention(*a, **options),
        lambda *a: F.scaled_dot_product_attention(*a, **options),
        *(normal(*batch, 4, 3), normal(*batch, 5, 3), normal(*batch, 5, 2)),
    )


def test_attention_with_masks():
    q, k, v, added = normal(2, 4, 3), normal(2, 5, 3), normal(2, 5, 2), normal(4, 5)
    takes_part = uniform(4, 5) > 0.4
    compare(
        lambda *a: mg.scaled_dot_product_attention(*a, takes_part),
        lambda *a: F.scaled_dot_product_attention(*a, torch.tensor(takes_part)),
        *(q, k, v),
    )
    compare(mg.scaled_dot_product_attention, F.scaled_dot_product_attention, q, k, v, added)
    kept = (uniform(2, 4, 5, seed=2) > 0.3) / 0.7
    compare(
        lambda q, k, v, m: mg.scaled_dot_product_attention(q, k, v, m, kept),
        lambda q, k, v, m: (torch.softmax(q @ k.mT / 3**0.5 + m, -1) * torch.tensor(kept)) @ v,
        *(q, k, v, added),
    )


# -- losses ---------------------------------------------------------------------------------------------------------------

reduction = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])


@reduction
@pytest.mark.parametrize("shape", [(), (4,), (5, 3)])
def test_losses_of_the_difference(shape, reduction):
    x, target = 2 * normal(*shape), normal(*shape, seed=1)
    how = {"reduction": reduction}
    for ours, theirs, options in (
        (mg.mse_loss, F.mse_loss, {}),
        (mg.l1_loss, F.l1_loss, {}),
        (mg.huber_loss, F.huber_loss, {"delta": 0.7}),
        (mg.smooth_l1_loss, F.smooth_l1_loss, {"beta": 0.7}),
        (mg.smooth_l1_loss, F.smooth_l1_loss, {"beta": 0.0}),
    ):
        compare(lambda *a: ours(*a, **how, **options), lambda *a: theirs(*a, **how, **options), x, target)


@reduction
@pytest.mark.parametrize("shape", [(), (4,), (5, 3)])
def test_losses_of_probabilities(shape, reduction):
    x, target, weight = uniform(*shape), uniform(*shape, seed=1), uniform(*shape[-1:], seed=2)
    w, p = torch.tensor(weight), torch.tensor(2 * weight)
    for ours, theirs in (
        (mg.binary_cross_entropy, F.binary_cross_entropy),
        (mg.binary_cross_entropy_with_logits, F.binary_cross_entropy_with_logits),
    ):
        compare(lambda *a: ours(*a, None, reduction), lambda *a: theirs(*a, reduction=reduction), x, target)
        compare(lambda *a: ours(*a, weight, reduction), lambda *a: theirs(*a, w, reduction=reduction), x, target)
    compare(
        lambda *a: mg.binary_cross_entropy_with_logits(*a, weight, reduction, 2 * weight),
        lambda *a: F.binary_cross_entropy_with_logits(*a, w, reduction=reduction, pos_weight=p),
        *(10 * x - 5, target),
    )
    for word in [reduction, "batchmean"] if shape else [reduction]:
        for log in (False, True):
            compare(
                lambda *a: mg.kl_div(*a, word, log),
                lambda *a: F.kl_div(*a, reduction=word, log_target=log),
                *(x, target),
            )


@reduction
@pytest.mark.parametrize("shape", [(4,), (6, 4), (3, 4, 2), (3, 4, 2, 5)])
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_of_classes(shape, weighted, reduction):
    x, weight = normal(*shape), uniform(4) if weighted else None
    w = torch.tensor(weight) if weighted else None
    classes = shape[:1] + shape[2:] if len(shape) > 1 else ()
    for ignored in (-100, 1, -1):
        target = np.array(np.random.default_rng(0).integers(0, 4, classes))
        if target.ndim:
            target.flat[0], target.flat[1] = 2, ignored if ignored != -100 else 3
        t, how = torch.tensor(target), {"ignore_index": ignored, "reduction": reduction}
        compare(lambda x: mg.nll_loss(x, target, weight, **how), lambda x: F.nll_loss(x, t, w, **how), x)
        for smoothing in (0.0, 0.2):
            compare(
                lambda x: mg.cross_entropy(x, target, weight, **how, label_smoothing=smoothing),
                lambda x: F.cross_entropy(x, t, w, **how, label_smoothing=smoothing),
                x,
            )
    for smoothing in (0.0, 0.2):
        how = {"reduction": reduction, "label_smoothing": smoothing}
        compare(
            lambda x, t: mg.cross_entropy(x, t, weight, **how),
            lambda x, t: F.cross_entropy(x, t, w, **how),
            *(x, uniform(*shape)),
        )


@reduction
def test_losses_with_a_margin(reduction):
    x1, x2, rows = normal(6), normal(6, seed=1), [normal(6, 4, seed=s) for s in range(3)]
    target = np.array([1.0, -1, 1, -1, -1, 1])
    t, how = torch.tensor(target), {"reduction": reduction}
    compare(lambda x: mg.hinge_embedding_loss(x, target, **how), lambda x: F.hinge_embedding_loss(x, t, **how), 2 * x1)
    compare(
        lambda *a: mg.margin_ranking_loss(*a, target, 0.1, **how),
        lambda *a: F.margin_ranking_loss(*a, t, 0.1, **how),
        *(x1, x2),
    )
    compare(
        lambda *a: mg.cosine_embedding_loss(*a, target, 0.1, **how),
        lambda *a: F.cosine_embedding_loss(*a, t, 0.1, **how),
        *rows[:2],
    )
    for p in (1.0, 2.0, 3.0, float("inf")):
        for swap in (False, True):
            compare(
                lambda *a: mg.triplet_margin_loss(*a, 1.2, p, swap=swap, **how),
                lambda *a: F.triplet_margin_loss(*a, 1.2, p, swap=swap, **how),
                *rows,
            )


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0, float("inf")])
def test_distances(p):
    x1, x2 = normal(3, 4), normal(3, 4, seed=1)
    compare(lambda *a: mg.pairwise_distance(*a, p), lambda *a: F.pairwise_distance(*a, p), x1, x2)
    compare(lambda x: mg.normalize(x, p, 0), lambda x: F.normalize(x, p, 0), x1)


def test_distances_and_cosines_broadcast():
    compare(
        lambda *a: mg.pairwise_distance(*a, keepdim=True),
        lambda *a: F.pairwise_distance(*a, keepdim=True),
        *(normal(3, 4), normal(4)),
    )
    compare(mg.cosine_similarity, F.cosine_similarity, normal(3, 4, 2), normal(4, 2))
    compare(
        lambda *a: mg.cosine_similarity(*a, -1), lambda *a: F.cosine_similarity(*a, -1), normal(3, 4, 2), normal(4, 2)
    )
