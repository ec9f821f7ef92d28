"""Drawings: what is in them, how they fold, and what happens where no program can lay them out."""

import os
import re
import shutil
import time
import xml.etree.ElementTree as tree

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.drawing import draw, engine


def edges(drawing):
    return re.findall(r"^  (\w+) -> (\w+)", drawing.source, flags=re.M)


def box(drawing, title):
    """The DOT line of the one box with this title."""
    (line,) = [line for line in drawing.source.splitlines() if f"<b>{title}</b>" in line]
    return line


@pytest.fixture
def x():
    return mg.tensor(3.0, requires_grad=True, name="x")


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(4, 8), nn.Linear(8, 4)

    def forward(self, x):
        return x + self.down(np.tanh(self.up(x)))


def deep(blocks):
    model = nn.Sequential(nn.Linear(3, 4), *[Block() for _ in range(blocks)], nn.Linear(4, 1))
    return np.mean(model(mg.tensor(np.ones((2, 3)))))


def test_one_edge_for_each_operand_slot(x):
    assert len(edges(draw(x * x))) == 2
    one = np.ones(1)
    assert len(edges(draw(np.concatenate([x * one, x * one, x * one])))) == 3 + 3 * 2


def test_values_and_gradients(x):
    y = x * x
    before = draw(y)
    assert ">9<" in box(before, "multiply") and "grad -" in box(before, "x") and "grad 0" not in before.source
    y.backward(retain_graph=True)
    after = draw(y)
    assert "grad 6" in box(after, "x") and "grad 1" in box(after, "multiply") and x.grad == 6
    assert ">0.5 / 1 / 1.5<" in draw(x * np.array([0.5, 1.0, 1.5]) / 3).source


def test_gradients_without_a_backward_pass(x):
    def made_here():
        return np.sin(mg.tensor(0.5, requires_grad=True, name="gone"))

    drawing = draw(x * x, gradients=True)
    assert "grad 6<" in box(drawing, "x") and "grad 1<" in box(drawing, "multiply") and x.grad is None
    assert f"grad {np.cos(0.5):.4g}<" in box(draw(made_here(), gradients=True), "gone")
    x.grad = np.array(100.0)  # of an earlier pass
    assert "grad 6<" in box(draw(x * x, gradients=True), "x") and x.grad == 100
    with pytest.raises(ValueError, match=r"gradients=True needs a scalar, not shape \(3,\)"):
        draw(x * np.ones(3), gradients=True)


def test_a_leaf_that_was_cleared_prints_a_dash_beside_one_that_was_not(x):
    w = mg.tensor(2.0, requires_grad=True, name="w")
    y = x * w
    y.backward(retain_graph=True)
    w.grad = None
    assert "grad -<" in box(draw(y), "w") and "grad 2<" in box(draw(y), "x")


def test_a_mean_that_is_rounding_noise_is_0():
    w = mg.tensor(np.array([0.1, 0.2, -0.3]), requires_grad=True, name="w")
    assert np.mean(w.data) != 0 and ">-0.3 / 0 / 0.2<" in box(draw(np.sum(w)), "w")


def test_constants_are_operands_and_options_are_not():
    x = mg.tensor(np.ones((2, 3)), name="data")
    w = mg.tensor(np.ones((3, 3)), requires_grad=True, name="w")
    drawing = draw(np.mean(1 / mg.leaky_relu(x @ w + np.arange(3.0), 0.5), axis=1), names={"data": x})
    assert "data" in drawing.source and drawing.source.count("<b>constant</b>") >= 2  # 1 and the row of 3
    assert draw(np.sum(w, axis=0)).source.count("<b>") == 2 == len(re.findall("<b>", draw(np.sum(w, axis=0)).source))
    assert "label_smoothing" not in draw(mg.cross_entropy(x @ w, np.array([0, 1]))).source


def test_networks_grow_down_the_page_and_expressions_to_the_right(x):
    assert "rankdir=LR" in draw(x * x).source and "rankdir=TB" in draw(deep(1)).source
    y = x
    for _ in range(14):  # a box more than fits a line
        assert "rankdir=LR" in draw(y).source
        y = np.sin(y)
    assert "rankdir=TB" in draw(y).source


def twelve_blocks():
    blocks = [nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True) for _ in range(12)]
    model = nn.Sequential(*blocks, nn.Linear(8, 3))
    return np.mean(model(mg.tensor(np.random.default_rng(0).normal(size=(2, 4, 8)))))


def test_twelve_blocks_of_a_transformer_are_a_page():
    drawing = draw(twelve_blocks())
    assert "0 … 11  x12" in drawing.source and "repeated blocks drawn once" in drawing.note
    assert {f"1.{part}" for part in ("self_attn", "norm1", "linear1", "linear2", "norm2")} <= set(
        re.findall("<b>(.*?)</b>", drawing.source)
    )
    svg = engine.render(drawing.source, "svg").decode()
    width, height = (float(v) for v in re.search(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', svg).groups())
    assert width < 1200 and height < 1700  # 11-point text on it is legible where the page is as wide as a screen


def estimated(text, size):
    return 0.62 * size * len(text)  # of DejaVu Sans, a wide font that viewers fall back to


def unrolled(steps):
    """A recurrent network: each step uses the same two weights."""
    rng = np.random.default_rng(0)
    w, u = (mg.tensor(rng.normal(size=(4, 4)) / 2, requires_grad=True, name=name) for name in "wu")
    h = np.zeros((2, 4))
    for x in rng.normal(size=(steps, 2, 4)):
        h = np.tanh(x @ w + h @ u)
    return np.mean(h)


def test_an_arrow_too_long_to_follow_begins_at_a_reference():
    short, long = draw(unrolled(8)), draw(unrolled(60))
    assert "_from_" not in short.source and "dashed" not in short.note
    assert "a dashed box names what a long arrow comes from" in long.note
    texts = dict(re.findall(r"^ +(\w+) \[id=\w+ label=.*?<b>(.*?)</b>", long.source, flags=re.M))
    into = edges(long)
    assert len(into) == 60 * (2 + 2 + 2 + 1) + 1
    uses = [texts[tail] for tail, head in into if texts[head] == "matmul" and texts[tail] != "constant"]
    assert (uses.count("w"), uses.count("u")) == (60, 60)
    assert sum("_from_" in tail for tail, _ in into) > 100
    assert long._page().count("<td>w</td>") == short._page().count("<td>w</td>")  # once in the table all the same
    assert engine.render(long.source, "svg")


class Injected(nn.Module):
    """Each block is given the network's input again."""

    def __init__(self, blocks):
        super().__init__()
        self.first = nn.Linear(4, 4)
        for k in range(blocks):
            setattr(self, f"block{k}", nn.Linear(4, 4))
        self.blocks = blocks

    def forward(self, x):
        given = h = self.first(x)
        for k in range(self.blocks):
            h = getattr(self, f"block{k}")(h * given + given * given)
        return h


def test_references_between_folded_modules():
    drawing = draw(np.mean(Injected(60)(np.ones((2, 4)))), depth=0)
    assert "modules folded" in drawing.note and "dashed box" in drawing.note
    assert len([line for line in drawing.source.splitlines() if "_from_" in line and "<b>first</b>" in line]) > 50
    assert engine.render(drawing.source, "svg")


def test_a_reference_to_an_op_says_which(x):
    y = np.sin(x)
    total = np.cos(x) + np.sin(x * 2)
    for _ in range(60):
        total = np.tanh(total) + y
    drawing = draw(total)
    (line,) = [line for line in drawing.source.splitlines() if "<i>sin1</i>" in line]
    assert "<b>sin</b>" in line and "<b>sin1</b>" in drawing.source and "<i>sin2</i>" not in drawing.source


@pytest.mark.parametrize(
    "make",
    [
        lambda: draw(deep(1)),
        lambda: draw(twelve_blocks()),
        lambda: draw(deep(60), max_nodes=8),
        lambda: draw(unrolled(30)),
    ],
)
def test_no_text_leaves_its_box_or_the_picture_and_no_boxes_overlap(make):
    svg = tree.fromstring(engine.render(make().source, "svg"))
    name = "{http://www.w3.org/2000/svg}"
    boxes = []
    for group in svg.iter(f"{name}g"):
        if group.get("class") != "node":
            continue
        numbers = [float(v) for v in re.findall(r"-?[\d.]+", group.find(f".//{name}path").get("d"))]
        left, right, top, bottom = min(numbers[::2]), max(numbers[::2]), min(numbers[1::2]), max(numbers[1::2])
        boxes.append((left, right, top, bottom))
        for text in group.iter(f"{name}text"):
            half, middle = estimated(text.text, float(text.get("font-size"))) / 2, float(text.get("x"))
            assert text.get("text-anchor") == "middle" and middle == pytest.approx((left + right) / 2, abs=0.1)
            assert left <= middle - half and middle + half <= right and top < float(text.get("y")) < bottom, text.text
    assert boxes
    for i, (left, right, top, bottom) in enumerate(boxes):
        for other_left, other_right, other_top, other_bottom in boxes[:i]:
            assert right <= other_left or other_right <= left or bottom <= other_top or other_bottom <= top
    width = float(svg.get("viewBox").split()[2])
    for text in svg.find(f"{name}g").findall(f"{name}text"):  # the note
        assert text.get("text-anchor") == "start" and float(text.get("x")) >= -4
        assert float(text.get("x")) + estimated(text.text, float(text.get("font-size"))) <= width


def test_a_freed_graph_and_no_graph(x):
    y = x * x
    y.backward()
    with pytest.raises(ValueError, match="draw: a backward pass has freed this graph; call draw before backward"):
        draw(y)
    with pytest.raises(ValueError, match="draw: this Tensor has no graph"):
        draw(mg.tensor(1.0))
    with pytest.raises(TypeError, match="draw: expected a Tensor, got float"):
        draw(1.0)


def test_direction(x):
    ((source, target),) = set(edges(draw(np.sin(x))))
    assert set(edges(draw(np.sin(x), direction="backward"))) == {(target, source)}
    with pytest.raises(ValueError, match="'forward' or 'backward'"):
        draw(x * x, direction="sideways")


def test_names():
    a = mg.tensor(2.0, requires_grad=True)
    total = a + 1.0
    drawing = draw(total * a, names=locals())
    assert "<b>a</b>" in drawing.source and "<i>total</i>" in drawing.source


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"; rm -rf', "a\\", "&amp;", "]>];"])
def test_a_name_is_text(name):
    a = mg.tensor(2.0, requires_grad=True, name=name)
    drawing = draw(a * a)
    assert "<script>" not in drawing.source
    svg = engine.render(drawing.source, "svg").decode()
    assert name in [element.text for element in tree.fromstring(svg).iter() if element.tag.endswith("text")]


def test_parameters_are_drawn_in_their_modules():
    drawing = draw(deep(1))
    inside = drawing.source.partition('subgraph "cluster_1.up"')[2].partition("}")[0]
    assert "<b>1.up.weight</b>" in inside and "<b>linear</b>" in inside and drawing.note == ""


def test_depth_folds_modules_and_repeats():
    drawing = draw(deep(12), depth=0)
    assert "48 ops, 912 parameters" in box(drawing, "1 … 12  x12")
    assert "1 op, 16 parameters" in box(drawing, "0") and "repeated blocks drawn once" in drawing.note
    inner = draw(deep(12), depth=1)
    assert "<b>1.up</b>" in inner.source and "<b>tanh</b>" in inner.source and "<b>2.up</b>" not in inner.source
    different = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 3), nn.Linear(3, 3))
    assert " x2" not in draw(np.sum(different(mg.tensor(np.ones((1, 2))))), depth=0).source


def test_above_max_nodes_it_folds_and_says_so():
    # 8 nodes in a block, 3 in each layer at the ends, the mean
    assert draw(deep(10)).note == "" and draw(deep(70)).note == "567 nodes; repeated blocks drawn once"
    drawing = draw(deep(60), max_nodes=8)
    assert len(re.findall("<b>", drawing.source)) <= 8
    assert "nodes" in drawing.note and drawing.note in drawing.source and drawing.note in repr(drawing)
    with pytest.raises(ValueError, match="max_nodes 1 or more"):
        draw(deep(1), max_nodes=0)


def test_a_hundred_thousand_nodes(x, tmp_path):
    y = x
    for _ in range(100_000):
        y = y * 1.0
    started = time.perf_counter()
    drawing = draw(y)
    drawing.save(tmp_path / "long.svg")
    assert time.perf_counter() - started < 5
    assert "x100,000" in box(drawing, "multiply") and "100,001 nodes" in drawing.note


@pytest.mark.parametrize("suffix, start", [(".svg", b"<?xml"), (".png", b"\x89PNG"), (".dot", b"digraph")])
def test_saving_without_dot_on_the_path(x, tmp_path, monkeypatch, suffix, start):
    monkeypatch.setenv("PATH", "")
    path = draw(x * x).save(tmp_path / f"graph{suffix}")
    assert path.read_bytes().startswith(start) and [p.name for p in tmp_path.iterdir()] == [f"graph{suffix}"]


def test_no_program_at_all(x, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "_candidates", lambda: ["/nowhere/dot", "/nowhere/graphviz-pure"])
    drawing = draw(x * x)
    with pytest.raises(engine.NoEngine, match="Three ways out") as caught:
        drawing.save(tmp_path / "graph.svg")
    assert "/nowhere/dot" in str(caught.value) and "/nowhere/graphviz-pure" in str(caught.value)
    assert not list(tmp_path.iterdir())
    assert drawing._repr_mimebundle_().keys() == {"text/plain"}
    drawing.save(tmp_path / "graph.dot")


def test_a_dot_that_fails_is_passed_over(x, tmp_path, monkeypatch):
    stub = tmp_path / "dot"
    stub.write_text("#!/bin/sh\nexit 1\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert draw(x * x).save(tmp_path / "graph.svg").read_bytes()


def test_a_file_that_was_there_stays_where_the_drawing_fails(x, tmp_path, monkeypatch):
    path = tmp_path / "graph.svg"
    path.write_text("old")
    monkeypatch.setattr(engine, "_candidates", list)
    with pytest.raises(engine.NoEngine):
        draw(x * x).save(path)
    assert path.read_text() == "old"


def test_suffixes(x, tmp_path):
    with pytest.raises(ValueError, match=r"no picture is written as '\.jpeg2'; use \.svg"):
        draw(x * x).save(tmp_path / "graph.jpeg2")
    with pytest.raises(ValueError, match="'graph'"):
        draw(x * x).save(tmp_path / "graph")


def test_in_a_notebook(x):
    bundle = draw(x * x)._repr_mimebundle_()
    assert "<svg" in bundle["image/svg+xml"] and "drawing" in bundle["text/plain"]


def test_a_page_with_the_picture_and_a_table(tmp_path, monkeypatch):
    x = mg.tensor(3.0, requires_grad=True, name="<b>x</b>")
    drawing = draw(x * x)
    page = drawing.save(tmp_path / "graph.html").read_text()
    assert "<svg" in page and "&lt;b&gt;x&lt;/b&gt;</td>" in page and "<b>x</b>" not in page
    monkeypatch.setattr(engine, "_candidates", list)
    page = drawing.save(tmp_path / "graph.html").read_text()
    assert "<svg" not in page and "There is no drawing here" in page and page.count("<tr>") == 3


def test_a_dot_that_works_is_preferred(x, tmp_path, monkeypatch):
    stub = tmp_path / "dot"
    stub.write_text('#!/bin/sh\n[ "$1" = -V ] && exit 0\necho "<svg>made by $1</svg>"\n')
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert draw(x * x).save(tmp_path / "graph.svg").read_text().strip() == "<svg>made by -Tsvg</svg>"
    assert draw(x * x).save(tmp_path / "graph.pdf").read_text().strip() == "<svg>made by -Tpdf</svg>"


def test_with_graphviz(x, tmp_path):
    if not engine._works(shutil.which("dot") or "dot"):
        pytest.skip("there is no dot on PATH")
    assert draw(x * x).save(tmp_path / "graph.pdf").read_bytes().startswith(b"%PDF")
    assert draw(x * x).save(tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")


def test_a_pdf_that_no_program_makes(x, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(engine.NoEngine, match=r"makes \.pdf"):
        draw(x * x).save(tmp_path / "graph.pdf")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(x, tmp_path, monkeypatch):
    path = tmp_path / "graph.dot"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", lambda *args: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space left"):
        draw(x * x).save(path)
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["graph.dot"]


def test_a_notebook_gets_text_whatever_goes_wrong(x, monkeypatch):
    monkeypatch.setattr(engine, "_candidates", lambda: 1 / 0)
    assert draw(x * x)._repr_mimebundle_() == {"text/plain": repr(draw(x * x))}


def test_the_picture_survives_a_viewer_that_strips_styles(x):
    svg = engine.render(draw(x * x).source, "svg").decode()
    assert 'fill="white"' in svg and "style=" not in svg and "<style" not in svg and "<script" not in svg
    for colour in ("#116329", "#b3261e"):  # value and gradient, as attributes
        assert f'fill="{colour}"' in svg


def test_a_layout_that_does_not_end_is_an_error(x, tmp_path, monkeypatch):
    slow = tmp_path / "dot"
    slow.write_text('#!/bin/sh\n[ "$1" = -V ] && exit 0\nexec sleep 30\n')
    slow.chmod(0o755)
    monkeypatch.setattr(engine, "_candidates", lambda: [str(slow)])
    monkeypatch.setattr(engine, "PATIENCE", 0.2)
    with pytest.raises(engine.NoEngine, match="max_nodes="):
        draw(x * x).save(tmp_path / "x.svg")
    assert not (tmp_path / "x.svg").exists()


def test_a_link_to_a_drawing_stays_a_link(x, tmp_path):
    kept, link = tmp_path / "kept.dot", tmp_path / "link.dot"
    kept.write_text("")
    link.symlink_to(kept)
    draw(x * x).save(link)
    assert link.is_symlink() and "multiply" in kept.read_text()
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        draw(x * x).save(tmp_path / "nowhere" / "x.dot")
