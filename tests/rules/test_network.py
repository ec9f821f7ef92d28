"""Network ops against their definitions written out: loops, formulas from the papers, and what must raise."""

import numpy as np
import pytest

import minigrad as mg

rng = np.random.default_rng(0)
inf = np.inf


def normal(*shape):
    return rng.standard_normal(shape)


# -- convolution and pooling ------------------------------------------------------------------------------------------


def slow_conv2d(x, weight, bias, stride, padding, dilation, groups):
    """The definition, one number at a time."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    n, _, height, width = x.shape
    k, per_group, kh, kw = weight.shape
    rows = (height - (kh - 1) * dilation - 1) // stride + 1
    columns = (width - (kw - 1) * dilation - 1) // stride + 1
    out = np.zeros((n, k, rows, columns))
    for m, o, i, j in np.ndindex(out.shape):
        first = o // (k // groups) * per_group
        for c, a, b in np.ndindex(per_group, kh, kw):
            out[m, o, i, j] += (
                weight[o, c, a, b] * x[m, first + c, i * stride + a * dilation, j * stride + b * dilation]
            )
        out[m, o, i, j] += bias[o]
    return out


@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "groups"), [(1, 0, 1, 1), (2, 1, 1, 2), (1, 2, 2, 1), (3, 1, 2, 2)]
)
@pytest.mark.parametrize("channels", [2, 10])
def test_conv2d_is_its_definition(stride, padding, dilation, groups, channels):
    x, weight, bias = normal(2, channels, 6, 7), normal(4, channels // groups, 3, 2), normal(4)
    options = stride, padding, dilation, groups
    np.testing.assert_allclose(mg.conv2d(x, weight, bias, *options), slow_conv2d(x, weight, bias, *options), atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}])
def test_transposed_convolution_is_the_adjoint(options):
    x, weight = normal(2, 4, 9, 9), normal(6, 4 // options.get("groups", 1), 3, 2)
    out = mg.conv2d(x, weight, **options)
    y = normal(*out.shape)
    back = mg.conv_transpose2d(y, weight, **options)
    assert back.shape == x.shape
    np.testing.assert_allclose(np.sum(out * y), np.sum(x * back))


def test_a_convolution_keeps_only_what_its_rules_need():
    x, weight, bias = (mg.tensor(normal(*s), requires_grad=True) for s in ((1, 2, 5, 5), (3, 2, 3, 3), (3,)))
    kept = [v for v in mg.conv2d(x, weight, bias).node.values if isinstance(v, np.ndarray)]
    assert [v.shape for v in kept] == [x.shape, weight.shape]  # no columns, no output


def test_pooling_by_hand():
    x = np.array([[[1.0, 2.0, 3.0], [4.0, 9.0, 5.0], [6.0, 7.0, 8.0]]])
    np.testing.assert_array_equal(mg.max_pool2d(x, 2, 1), [[[9, 9], [9, 9]]])
    np.testing.assert_array_equal(mg.avg_pool2d(x, 2, 1), [[[4, 4.75], [6.5, 7.25]]])
    np.testing.assert_array_equal(mg.avg_pool2d(x, 2, 2, 1), [[[0.25, 1.25], [2.5, 7.25]]])
    np.testing.assert_array_equal(mg.avg_pool2d(x, 2, 2, 1, count_include_pad=False), [[[1, 2.5], [5, 7.25]]])
    np.testing.assert_array_equal(mg.max_pool1d(x, 2, ceil_mode=True), [[[2, 3], [9, 5], [7, 8]]])


@pytest.mark.parametrize("stride", [2, 1])  # windows side by side, and windows that overlap
def test_tied_maxima_share_evenly(stride):
    x = np.array([[[5.0, 5.0, 0.0, 0.0], [5.0, 1.0, 0.0, 0.0]]])
    gradient = mg.grad(lambda x: mg.sum(mg.max_pool2d(x, 2, stride)))(x)
    np.testing.assert_allclose(gradient.sum(), 2 if stride == 2 else 3)
    np.testing.assert_allclose(gradient[0, :, 0], [1 / 3, 1 / 3])
    if stride == 2:
        np.testing.assert_allclose(gradient[0], [[1 / 3, 1 / 3, 0.25, 0.25], [1 / 3, 0, 0.25, 0.25]])


def test_the_padding_of_a_maximum_never_wins():
    x = np.full((1, 3, 3), -7.0)
    np.testing.assert_array_equal(mg.max_pool2d(x, 3, 1, 1), x)
    assert mg.grad(lambda x: mg.sum(mg.max_pool2d(x, 3, 2, 1)))(x).sum() == 4


def test_pooling_and_convolution_do_not_share_memory_with_their_input():
    x = normal(1, 4, 4)
    for out in (mg.max_pool2d(x, 1), mg.avg_pool2d(x, 1), mg.conv2d(x, np.ones((1, 1, 1, 1)))):
        assert not np.may_share_memory(out, x)


# -- losses -------------------------------------------------------------------------------------------------------------


def test_cross_entropy_is_safe_at_any_size():
    x = np.array([[1000.0, -1000.0], [-1000.0, 1000.0], [0.0, -inf]])
    target = np.array([0, 0, 0])
    np.testing.assert_array_equal(mg.cross_entropy(x, target, reduction="none"), [0, 2000, 0])
    np.testing.assert_array_equal(
        mg.grad(lambda x: mg.cross_entropy(x, target, reduction="sum"))(x), [[0, 0], [-1, 1], [0, 0]]
    )
    np.testing.assert_array_equal(
        mg.grad(lambda x: mg.binary_cross_entropy_with_logits(x, np.array([1.0, 0.0]), reduction="sum"))(x[0]), [0, 0]
    )


def test_class_weights_of_a_mean_are_a_weighted_mean():
    x, target, weight = normal(3, 4), np.array([0, 2, 2]), np.array([1.0, 5.0, 2.0, 7.0])
    each = mg.cross_entropy(x, target, reduction="none")
    np.testing.assert_allclose(mg.cross_entropy(x, target, weight), np.average(each, weights=weight[target]))


def test_what_is_ignored_has_no_part():
    x, target = normal(4, 3), np.array([0, 1, 255, 2])
    kept = [0, 1, 3]
    value, gradient = mg.value_and_grad(lambda x: mg.cross_entropy(x, target, ignore_index=255))(x)
    np.testing.assert_allclose(value, mg.cross_entropy(x[kept], target[kept]))
    np.testing.assert_array_equal(gradient[2], 0)


def test_a_binary_cross_entropy_at_0_and_1_is_finite():
    x, target = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0])
    np.testing.assert_array_equal(mg.binary_cross_entropy(x, target, reduction="none"), [0, 0, 100, 100])
    assert np.isfinite(mg.grad(lambda x: mg.binary_cross_entropy(x, target))(x)).all()


# -- the rest -----------------------------------------------------------------------------------------------------------


def test_a_padding_row_is_not_trained():
    x = np.array([0, 2, 2, 1])
    gradient = mg.grad(lambda w: mg.sum(mg.embedding(x, w, padding_idx=2)))(normal(3, 2))
    np.testing.assert_array_equal(gradient, [[1, 1], [1, 1], [0, 0]])


def test_dropout_keeps_the_mean():
    x, mask = np.array([1.0, 2.0, 3.0]), np.array([True, False, True])
    np.testing.assert_allclose(mg.dropout(x, mask, 0.75), [4, 0, 12])
    np.testing.assert_allclose(mg.grad(lambda x: mg.sum(mg.dropout(x, mask, 0.75)))(x), [4, 0, 4])
    np.testing.assert_array_equal(mg.dropout(x, mask, 1.0), 0)


def test_batch_norm_with_given_statistics():
    x, mean, var = normal(5, 3), np.array([1.0, 2.0, 3.0]), np.array([4.0, 9.0, 16.0])
    np.testing.assert_allclose(mg.batch_norm(x, mean, var, eps=0), (x - mean) / [2, 3, 4])
    out, batch_mean, batch_var = mg.batch_norm_training(x)
    np.testing.assert_allclose(out, mg.batch_norm(x, batch_mean, batch_var), rtol=1e-12)
    np.testing.assert_allclose((batch_mean, batch_var), (x.mean(axis=0), x.var(axis=0)))


def test_a_query_that_no_key_takes_part_in_gives_0():
    q, k, v = normal(2, 3), normal(4, 3), normal(4, 2)
    mask = np.array([[True] * 4, [False] * 4])
    np.testing.assert_array_equal(mg.scaled_dot_product_attention(q, k, v, mask)[1], 0)
    slope = mg.grad(lambda q: mg.sum(mg.scaled_dot_product_attention(q, k, v, mask)))(q)
    np.testing.assert_array_equal(slope[1], 0)
    assert np.isfinite(slope).all()


def test_attention_weights_are_shares():
    weights = mg.attention_weights(normal(2, 4, 3), normal(2, 4, 3), is_causal=True)
    np.testing.assert_allclose(weights.sum(axis=-1), 1)
    np.testing.assert_array_equal(np.triu(weights, 1), 0)


def test_interpolation_of_a_line_is_a_line():
    x = np.linspace(0, 1, 5).reshape(1, 1, 5)
    np.testing.assert_allclose(mg.interpolate(x, 9, mode="linear", align_corners=True)[0, 0], np.linspace(0, 1, 9))


def test_single_precision_stays():
    x, w, b = (a.astype(np.float32) for a in (normal(2, 4, 4, 4), normal(4, 4, 3, 3), normal(4)))
    p, t = (rng.uniform(0.1, 0.9, (3, 4)).astype(np.float32) for _ in range(2))
    labels = np.array([0, 3, 1])
    results = {
        "conv2d": mg.conv2d(x, w, b, padding="same"),
        "conv_transpose2d": mg.conv_transpose2d(x, w, b),
        "max_pool2d": mg.max_pool2d(x, 2, padding=1),
        "avg_pool2d": mg.avg_pool2d(x, 2, padding=1),
        "adaptive_avg_pool2d": mg.adaptive_avg_pool2d(x, 3),
        "interpolate": mg.interpolate(x, 5, mode="bilinear"),
        "batch_norm": mg.batch_norm(x, b, b**2, b, b),
        "layer_norm": mg.layer_norm(x, 4, b, b),
        "rms_norm": mg.rms_norm(x, 4, b),
        "group_norm": mg.group_norm(x, 2, b, b),
        "attention": mg.scaled_dot_product_attention(x, x, x, is_causal=True),
        "cross_entropy": mg.cross_entropy(p, labels, t[0], label_smoothing=0.1),
        "binary_cross_entropy": mg.binary_cross_entropy(p, t, t),
        "triplet_margin_loss": mg.triplet_margin_loss(p, t, p * t),
        "dropout": mg.dropout(p, p > 0.5, 0.3),
    }
    assert {name: out.dtype for name, out in results.items()} == dict.fromkeys(results, np.float32)


x4, w4 = np.zeros((2, 4, 5, 5)), np.zeros((6, 4, 3, 3))
ERRORS = {
    "linear: x has shape (2, 3), weight (5, 4)": lambda: mg.linear(np.zeros((2, 3)), np.zeros((5, 4))),
    "linear: bias has shape (1,)": lambda: mg.linear(np.zeros((2, 4)), np.zeros((5, 4)), np.zeros(1)),
    "bilinear: x1 has shape (2, 3)": lambda: mg.bilinear(np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((1, 3, 4))),
    "conv2d: x has shape (5, 5), weight (6, 4, 3, 3)": lambda: mg.conv2d(np.zeros((5, 5)), w4),
    "conv2d: x has shape (2, 4, 5, 5) and so 4 channels; weight (6, 4, 3, 3) with groups=2 takes 8": lambda: mg.conv2d(
        x4, w4, groups=2
    ),
    "conv2d: groups is 4; it must divide 6": lambda: mg.conv2d(x4, w4, groups=4),
    "conv2d: a window covers (5, 5), and x with its padding has only (4, 4)": lambda: mg.conv2d(
        x4[..., :4, :4], w4, dilation=2
    ),
    "conv2d: bias has shape (4,)": lambda: mg.conv2d(x4, w4, np.zeros(4)),
    "conv2d: stride is (1, 2, 3)": lambda: mg.conv2d(x4, w4, stride=(1, 2, 3)),
    "conv2d: stride is 0": lambda: mg.conv2d(x4, w4, stride=0),
    "conv2d: padding='same' needs stride 1": lambda: mg.conv2d(x4, w4, stride=2, padding="same"),
    "conv2d: padding is 'full'": lambda: mg.conv2d(x4, w4, padding="full"),
    "conv_transpose2d: output_padding is 1": lambda: mg.conv_transpose2d(x4, np.zeros((4, 1, 3, 3)), output_padding=1),
    "max_pool2d: padding is 2; it must be at most half": lambda: mg.max_pool2d(x4, 3, padding=2),
    "avg_pool2d: x has shape (5, 5)": lambda: mg.avg_pool2d(np.zeros((5, 5)), 2),
    "mse_loss: x has shape (4, 1), target has shape (4,)": lambda: mg.mse_loss(np.zeros((4, 1)), np.zeros(4)),
    "mse_loss: reduction is 'avg'": lambda: mg.mse_loss(np.zeros(4), np.zeros(4), "avg"),
    "binary_cross_entropy: x has values from 2.0 to 2.0": lambda: mg.binary_cross_entropy(np.full(2, 2.0), np.ones(2)),
    "cross_entropy: x has shape (2, 3), target (3,)": lambda: mg.cross_entropy(np.zeros((2, 3)), np.array([0, 1, 1])),
    "cross_entropy: x has shape (2, 3), target (2,) of float64": lambda: mg.cross_entropy(
        np.zeros((2, 3)), np.zeros(2)
    ),
    "cross_entropy: target holds the class number 3": lambda: mg.cross_entropy(np.zeros((2, 3)), np.array([0, 3])),
    "cross_entropy: target holds the class number -1": lambda: mg.cross_entropy(np.zeros((2, 3)), np.array([0, -1])),
    "cross_entropy: weight has shape (2,)": lambda: mg.cross_entropy(
        np.zeros((2, 3)), np.array([0, 1]), weight=np.ones(2)
    ),
    "cosine_embedding_loss: x1 has shape (2, 3), target (3,)": lambda: mg.cosine_embedding_loss(
        np.zeros((2, 3)), np.zeros((2, 3)), np.ones(3)
    ),
    "triplet_margin_loss: anchor has shape (2, 3)": lambda: mg.triplet_margin_loss(*np.zeros((2, 2, 3)), np.zeros(3)),
    "layer_norm: x has shape (2, 3)": lambda: mg.layer_norm(np.zeros((2, 3)), 2),
    "layer_norm: weight has shape (2,)": lambda: mg.layer_norm(np.zeros((2, 3)), 3, np.ones(2)),
    "group_norm: num_groups is 3": lambda: mg.group_norm(x4, 3),
    "batch_norm: x has shape (1, 3), one value for each channel": lambda: mg.batch_norm(
        np.zeros((1, 3)), training=True
    ),
    "batch_norm: running_mean and running_var must be given": lambda: mg.batch_norm(x4),
    "batch_norm: running_mean has shape (3,)": lambda: mg.batch_norm(x4, np.zeros(3), np.ones(4)),
    "embedding: x holds 3; weight has shape (3, 2)": lambda: mg.embedding(np.array([0, 3]), np.zeros((3, 2))),
    "embedding: x holds float64": lambda: mg.embedding(np.array([0.0]), np.zeros((3, 2))),
    "one_hot: x holds numbers from 0 to 3": lambda: mg.one_hot(np.array([0, 3]), 3),
    "scaled_dot_product_attention: query has shape (2, 3), key (4, 2)": lambda: mg.scaled_dot_product_attention(
        np.zeros((2, 3)), np.zeros((4, 2)), np.zeros((4, 2))
    ),
    "scaled_dot_product_attention: key has shape (4, 3), value (5, 2)": lambda: mg.scaled_dot_product_attention(
        np.zeros((2, 3)), np.zeros((4, 3)), np.zeros((5, 2))
    ),
    "scaled_dot_product_attention: attn_mask has shape (3, 3)": lambda: mg.scaled_dot_product_attention(
        np.zeros((2, 3)), np.zeros((4, 3)), np.zeros((4, 2)), np.zeros((3, 3))
    ),
    "interpolate: x has shape (2, 4, 5, 5), so 2 axes after (N, C), and mode is 'linear'": lambda: mg.interpolate(
        x4, 3, mode="linear"
    ),
    "interpolate: size is None, scale_factor is None": lambda: mg.interpolate(x4),
}


@pytest.mark.parametrize("message", ERRORS)
def test_errors_name_the_op_the_argument_and_the_shapes(message):
    with pytest.raises((ValueError, TypeError, IndexError)) as caught:
        ERRORS[message]()
    assert str(caught.value).startswith(message)
