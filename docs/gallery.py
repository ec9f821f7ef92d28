"""Makes the gallery: python docs/gallery.py writes docs/gallery.md and its pictures.

Needs the `plot` extra; the screenshot needs playwright and Chromium, and is left as it is where they are missing.
`--quick` trains less, `--out DIR` writes elsewhere.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg
from minigrad import data, nn, optim
from minigrad.training import fit

HERE = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


def neuron() -> tuple[mg.Tensor, dict[str, Any]]:
    """The sigmoid neuron of Stanford's CS231n: f(w, x) = 1 / (1 + e^-(w0 x0 + w1 x1 + w2))."""
    w0, x0, w1, x1, w2 = (
        mg.tensor(value, requires_grad=True, name=name)
        for name, value in {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}.items()
    )
    dot = w0 * x0 + w1 * x1 + w2
    f = 1 / (1 + np.exp(-dot))
    return f, locals()


def expression(path: Path, direction: str = "forward") -> None:
    f, names = neuron()
    mg.draw(f, names, direction, gradients=True).save(path)


def backward(path: Path) -> None:
    expression(path, "backward")


def second_order(path: Path) -> None:
    x = mg.tensor(0.5, requires_grad=True, name="x")
    slope = mg.grad(np.tanh)(x)
    mg.draw(slope, {"dy/dx": slope}, gradients=True).save(path)


class Digits(nn.Module):
    """64 pixels to 10 classes through two hidden layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layer0, self.layer1, self.layer2 = nn.Linear(64, 32), nn.Linear(32, 32), nn.Linear(32, 10)

    def forward(self, x: Any) -> Any:
        return self.layer2(mg.relu(self.layer1(mg.relu(self.layer0(x)))))


def trained(model: nn.Module, images: bool, quick: bool) -> tuple[Any, Any, Any]:
    """Train a little on handwritten digits; the history, and a batch."""
    digits = data.digits()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Standardize: column")  # some corner pixels are never inked
        standardize = nn.Standardize().fit(digits.x_train)
    shape = (-1, 1, 8, 8) if images else (-1, 64)
    x, held_out = (standardize(part).reshape(shape) for part in (digits.x_train, digits.x_test))
    few = slice(0, 200 if quick else None)
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    history = fit(
        model, mg.cross_entropy, optimizer, x[few], digits.y_train[few],
        epochs=2 if quick else 20, validation=(held_out, digits.y_test), progress=False,
    )  # fmt: skip
    return history, x[:16], digits.y_train[:16]


def picture_of(model: nn.Module, x: Any, y: Any, path: Path) -> None:
    x = mg.tensor(x)
    loss = mg.cross_entropy(model(x), y)
    mg.draw(loss, {"x": x, "loss": loss}, gradients=True).save(path)


def network(path: Path, quick: bool) -> None:
    model = Digits()
    _, x, y = trained(model, False, quick)
    picture_of(model, x, y, path)


def convolution(path: Path, quick: bool) -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 10)
    )  # 8 channels of 3 x 3 are left
    _, x, y = trained(model, True, quick)
    picture_of(model, x, y, path)


def curves(path: Path, quick: bool) -> None:
    history, _, _ = trained(Digits(), False, quick)
    figure = history.plot()
    figure.savefig(path, dpi=90)


class Reader(nn.Module):
    """Tokens to tokens, through 12 blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 32)
        blocks = [nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True) for _ in range(12)]
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(32, 50)

    def forward(self, tokens: Any) -> Any:
        return np.reshape(self.head(self.blocks(self.embed(tokens))), (-1, 50))


def transformer(path: Path) -> None:
    tokens = np.random.default_rng(0).integers(0, 50, (2, 8))
    picture_of(Reader(), tokens, tokens.reshape(-1), path)


def large(path: Path) -> None:
    x = y = mg.tensor(0.5, requires_grad=True, name="x")
    for _ in range(25_000):
        y = np.sin(y) * 0.9 + np.cos(x)
    mg.draw(y).save(path)


def signals(path: Path) -> None:
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    x = np.random.default_rng(0).standard_normal((128, 64))
    for axes, std in zip(figure.subplots(1, 3, sharey=True), (0.01, 1 / 8, 1.0)):
        mg.seed(0)
        init = nn.init.normal(std=std)
        layers = [layer for _ in range(8) for layer in (nn.Linear(64, 64, init=init), nn.Tanh())]
        report = mg.layer_stats(nn.Sequential(*layers), x, mg.mse_loss, np.ones((128, 64)))
        report.plot(axes)
        axes.set_title(f"weights of std {std:g}: {report.verdict}")
    figure.savefig(path, dpi=80)


def wrong_rule(path: Path) -> None:
    def forward(x: Any, w: Any, b: Any) -> Any:
        return np.sum(np.tanh(x @ w + b) ** 2)

    def by_hand(x: Any, w: Any, b: Any) -> Any:
        h = np.tanh(x @ w + b)
        d = 2 * h * (1 - h * h)
        gw = x.T @ d
        gw[2] *= 1.05  # the fault: one row is 5% too large
        return d @ w.T, gw, d.sum(axis=0)

    rng = np.random.default_rng(0)
    report = mg.gradcheck(
        forward, rng.normal(size=(8, 6)), rng.normal(size=(6, 5)), rng.normal(size=5), analytic=by_hand
    )
    report.plot().savefig(path, dpi=90)


def steps(path: Path) -> None:
    f, names = neuron()
    mg.explain(f, names).save(path)


def recurrent(path: Path) -> None:
    """A recurrent network of one unit reads a wave of 24 numbers."""
    w, u = mg.tensor(0.9, requires_grad=True, name="w"), mg.tensor(0.5, requires_grad=True, name="u")
    h: Any = 0.0
    for x in np.sin(np.arange(24) / 3):
        h = np.tanh(w * h + u * x)
    mg.explain((h - 1) ** 2).save(path)


def screenshot(step: int) -> Callable[[Path], None]:
    """Takes a picture of the page of the same name, at a step."""

    def take(path: Path) -> None:
        from playwright.sync_api import sync_playwright

        if not os.path.exists(CHROMIUM):
            raise ImportError(f"there is no {CHROMIUM}")
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(path.with_suffix(".html").absolute().as_uri())
            page.locator("#slider").evaluate(f"e => {{ e.value = {step - 1}; e.oninput() }}")
            page.screenshot(path=path)
            browser.close()

    return take


# What is made, how, and what there is to see in it. An .html comes before its screenshot.
PICTURES: list[tuple[str, Callable[..., None], str, str]] = [
    (
        "gallery-expression.svg",
        expression,
        "A scalar expression",
        "The sigmoid neuron of Stanford's course CS231n. In each box the value stands above, in green, and the gradient "
        "below it, in red and after the word *grad*. Follow the gradients from right to left: `divide` starts with 1, "
        "and every box passes on its own gradient times a local derivative. `w0` and `x0` meet in a product, so each "
        "one's gradient is the other's value times 0.1966. `names=` called one of the sums *dot*.",
    ),
    (
        "gallery-backward.svg",
        backward,
        "The way that gradients go",
        "The same graph with `direction=\"backward\"`: the arrows point as the backward pass walks, from the result to "
        "the inputs.",
    ),
    (
        "gallery-step.html",
        steps,
        "A backward pass, step by step",
        "`mg.explain(f).save(\"step.html\")` writes one self-contained page. Buttons, the arrow keys and a slider go "
        "through the steps, forward ones first; the box that receives is filled, the arrow shows which way the gradient "
        "goes, and the sentence says what is added. The source line of the rule stands below, the whole table under it.",
    ),
    (
        "gallery-step.png",
        screenshot(13),
        "The same page, as it looks",
        "Step 13 of 20: `dot` is a sum, whose local derivative is 1, so `add1` gets what arrived.",
    ),
    (
        "gallery-recurrent.html",
        recurrent,
        "Backpropagation through time",
        "A recurrent network of one unit reads 24 numbers, and uses its two weights for each of them. Arrows from a "
        "weight to every step could not be followed, so they begin at dashed boxes with its name. Each step backward "
        "adds something to the gradients of the same two weights.",
    ),
    (
        "gallery-recurrent.png",
        screenshot(153),
        "One of its steps",
        "Step 153 of 243: `w` gets the ninth of its 24 contributions. The upstream gradient, -0.27 where the pass began, is "
        "-0.0014 by now, and will be -0.00000007 at the first number: the vanishing gradient of recurrent networks.",
    ),
    (
        "gallery-second.svg",
        second_order,
        "A derivative of a derivative",
        "`mg.grad(np.tanh)(x)` is itself a graph: the rule of tanh ran on Tensors. The value of the last box is "
        "1 - tanh(x)² at x = 0.5; the gradient in the box of `x` is the second derivative, -2 tanh(x) (1 - tanh(x)²). "
        "`alias` is x as the function sees it, so that only this use of x is differentiated.",
    ),
    (
        "gallery-network.svg",
        network,
        "A network with named parameters",
        "Three layers, trained on handwritten digits. Each module is a frame, each parameter has its full name, and "
        "arrays show min / mean / max. A network grows down the page. The mean gradient of `layer2.bias` is 0, as it "
        "must be for a softmax: what one class gains the others lose.",
    ),
    (
        "gallery-convolution.svg",
        convolution,
        "A convolutional network",
        "The shapes tell the story: 8 channels of 6 x 6, halved by the pooling, flattened to 72 numbers, 10 classes.",
    ),
    (
        "gallery-transformer.svg",
        transformer,
        "Twelve blocks, drawn once",
        "403 nodes fold to a page. The twelve blocks are built alike, so the first one stands for all, with *x12*; "
        "modules within it are boxes. The two residual paths around attention and around the linear layers are plain "
        "to see. The arrow back to the top is the next block's input.",
    ),
    (
        "gallery-large.svg",
        large,
        "A hundred thousand nodes",
        "More than `max_nodes` cannot be drawn one by one, and no sliver is drawn instead: one box for each op, with "
        "counts, and the drawing says so.",
    ),
    (
        "gallery-signals.png",
        signals,
        "Signals through eight layers of tanh, three initializations",
        "`mg.layer_stats(...).plot()`. Left: activations die on the way up and their gradients on the way down, while "
        "the gradients of the weights (triangles) look flat and healthy: small activations meet large gradients. "
        "Middle: both stay where they are. Right: most units are saturated, and gradients grow on the way down.",
    ),
    (
        "gallery-check.png",
        wrong_rule,
        "A wrong gradient, seen",
        "`mg.gradcheck(...).plot()`: how far each element is off, in units of what the numerical derivative allows. "
        "Blue is within it, red beyond. In this backward pass, written by hand, one row of `w`'s gradient is 5% too "
        "large; the ring marks the worst element and the title names it.",
    ),
    (
        "gallery-curves.png",
        curves,
        "Training curves",
        "`fit(...)` returns a history, and `history.plot()` draws it: the loss on a logarithmic scale, the accuracy "
        "beside it, dashed for data that the network was not trained on.",
    ),
]  # fmt: skip

HEAD = """# Gallery

Every picture here is made by `python docs/gallery.py` from a real model.

`mg.draw(loss)` shows the gradients that a backward pass has left, and a dash where there is none. Such a pass needs
`loss.backward(retain_graph=True)`, since otherwise it frees the graph and nothing is left to draw. Or let
`mg.draw(loss, gradients=True)` run one for the drawing alone; `minigrad draw FILE.py:NAME -o graph.svg` does so too.
`mg.explain(loss)` always runs its own.
"""


def page() -> str:
    """The text of gallery.md."""
    parts = [HEAD]
    for name, _, title, text in PICTURES:
        link = f"[Open the page](pictures/{name})" if name.endswith(".html") else f"![{title}](pictures/{name})"
        parts.append(f"## {title}\n\n{text}\n\n{link}\n")
    return "\n".join(parts)


def main(out: Path = HERE, quick: bool = False) -> None:
    """Write the page and its pictures."""
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    for name, make, _, _ in PICTURES:
        mg.seed(0)
        arguments = (quick,) if "quick" in make.__annotations__ else ()
        try:
            make(out / "pictures" / name, *arguments)
        except ImportError as error:
            print(f"{name}: left as it is: {error}")
    (out / "gallery.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--quick", action="store_true")
    with contextlib.suppress(KeyboardInterrupt):
        main(**vars(parser.parse_args()))
