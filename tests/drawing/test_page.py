"""The step page, in a real browser."""

import json
import os
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.drawing import engine, explain

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
CHROMIUM = "/usr/bin/chromium"


def neuron(name="n"):
    """tanh(n)^2 where tanh(n) is sqrt(1/2): forward tanh and multiply, backward L -> o twice and o -> n."""
    n = mg.tensor(np.arctanh(np.sqrt(0.5)), requires_grad=True, name=name)
    o = np.tanh(n)
    return explain(o * o, names={"o": o})


@pytest.fixture(scope="module")
def browser():
    sync = pytest.importorskip("playwright.sync_api")
    if not os.path.exists(CHROMIUM):
        pytest.skip(f"there is no {CHROMIUM}")
    with sync.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Open an explanation's page; at the end, nothing but files was asked for and nothing went wrong."""
    asked, wrong, pages = [], [], []

    def open_page(explanation, **options):
        context = browser.new_context(**options)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(explanation.save(tmp_path / "step.html").as_uri())
        pages.append(context)
        return page

    yield open_page
    for context in pages:
        context.close()
    assert asked and all(url.startswith("file:") for url in asked)
    assert not wrong


@pytest.mark.browser
def test_buttons_keys_and_slider(visit):
    page = visit(neuron())
    sentence, slider = page.locator("#sentence"), page.locator("input[type=range]")
    back, forward = page.get_by_role("button", name="back"), page.get_by_role("button", name="next")
    assert sentence.text_content() == "o = tanh(n) = 0.7071" and back.is_disabled()
    assert sentence.get_attribute("aria-live") == "polite" and slider.get_attribute("max") == "4"
    forward.click()
    assert sentence.text_content() == "multiply = o * o = 0.5000"
    forward.click()
    assert sentence.text_content() == "o.grad = upstream 1.0000 x local 0.7071 = 0.7071"
    page.keyboard.press("ArrowRight")  # the button still has the focus
    assert sentence.text_content() == "o.grad = 0.7071 + upstream 1.0000 x local 0.7071 = 1.4142"
    assert "second path: gradients add" in page.locator("#note").text_content() and slider.input_value() == "3"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.input_value() == "4" and forward.is_disabled()
    assert sentence.text_content() == "n.grad = upstream 1.4142 x local 0.5000 = 0.7071"
    page.keyboard.press("ArrowLeft")
    assert slider.input_value() == "3"
    slider.fill("0")
    assert sentence.text_content() == "o = tanh(n) = 0.7071"
    page.keyboard.press("ArrowRight")
    back.click()
    assert slider.input_value() == "0"


@pytest.mark.browser
def test_what_is_lit_and_which_gradients_are_there_yet(visit):
    page = visit(neuron())
    box = {title: page.locator("#picture .node", has_text=title) for title in ("tanh", "multiply")}
    slider = page.locator("#slider")
    assert page.locator(".node.lit").count() == 1 and "lit" in box["tanh"].get_attribute("class")
    assert page.locator(".edge.lit").count() == 0 and "grad -" in box["tanh"].text_content()
    assert page.locator("#picture .later").count() == 1  # the value of multiply is not known yet
    slider.fill("2")
    assert page.locator(".node.lit").count() == 2 and page.locator(".edge.lit").count() == 1
    assert "grad 0.7071" in box["tanh"].text_content() and "grad 1" in box["multiply"].text_content()
    first = page.locator(".edge.lit").get_attribute("id")
    slider.fill("3")
    assert page.locator(".edge.lit").get_attribute("id") != first  # the other operand's arrow
    assert "grad 1.4142" in box["tanh"].text_content()
    assert page.locator("tr[aria-current]").text_content().startswith("4")


def sigmoid():
    """The neuron of CS231n, 8 steps forward and 12 backward."""
    w0, x0, w1, x1, w2 = (mg.tensor(v, requires_grad=True) for v in (2.0, -1.0, -3.0, -2.0, -3.0))
    dot = w0 * x0 + w1 * x1 + w2
    f = 1 / (1 + np.exp(-dot))
    return explain(f, names=locals())


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 900, 1280])
def test_nothing_jumps_between_steps(visit, width):
    x = mg.tensor(np.ones((2, 3)), requires_grad=True, name="a_name_that_takes_more_room_than_the_line_has_" * 3)
    page = visit(explain(np.sum(nn.LayerNorm(3)(np.tanh(x) * x))), viewport={"width": width, "height": 800})
    steps, places = places_over_steps(page, "#next", "#back", "#slider", "#place", "#picture", "#sentence", "table")
    assert steps > 6 and len(places) == 1


def places_over_steps(page, *what):
    """How many steps there are, and the set of where these elements are."""
    places = set()
    steps = 1 + int(page.locator("#slider").get_attribute("max"))
    for step in range(steps):
        page.locator("#slider").fill(str(step))
        boxes = [page.locator(one).first.bounding_box() for one in what]
        places.add(tuple(round(number, 2) for box in boxes for number in box.values() if number is not None))
    return steps, places


@pytest.mark.browser
@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080)])
def test_an_expression_stays_where_it_is_and_is_seen_whole(visit, size):
    page = visit(sigmoid(), viewport=dict(zip(("width", "height"), size)))
    steps, places = places_over_steps(
        page, "#picture svg", "#next", "#back", "#sentence", "#picture .node text >> nth=0"
    )
    assert steps == 20 and len(places) == 1
    frame = page.locator("#picture").bounding_box()
    for box in [node.bounding_box() for node in page.locator("#picture .node").all()]:
        assert frame["x"] <= box["x"] and box["x"] + box["width"] <= frame["x"] + frame["width"]
        assert frame["y"] <= box["y"] and box["y"] + box["height"] <= frame["y"] + frame["height"]
    controls = page.locator("#controls").bounding_box()
    assert controls["y"] + controls["height"] < size[1]  # the drawing, the sentence and the buttons are one screenful
    assert page.eval_on_selector("#sentence", "e => parseFloat(getComputedStyle(e).fontSize)") >= 0.035 * size[1]
    on_screen = "e => e.getBoundingClientRect().height"
    assert min(page.eval_on_selector_all("#picture .node text", f"all => all.map({on_screen})")) >= 0.018 * size[1]


@pytest.mark.browser
def test_in_a_narrow_window_nothing_is_cut_off(visit):
    page = visit(sigmoid(), viewport={"width": 390, "height": 800})
    steps, places = places_over_steps(page, "#next", "#slider", "#sentence")
    assert len(places) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for where in ("#sentence", "#note"):
        for step in range(steps):
            page.locator("#slider").fill(str(step))
            assert page.eval_on_selector(where, "e => e.scrollHeight <= e.clientHeight + 1")
            lit = page.locator(".node.lit").first.bounding_box()
            assert lit["x"] >= 0 and lit["x"] + lit["width"] <= 390  # it scrolled into view


@pytest.mark.browser
def test_the_arrow_shows_which_way_the_gradient_goes(visit):
    page = visit(neuron())
    page.locator("#slider").fill("2")  # L -> o
    assert "tanh" in page.locator(".node.target").text_content()
    assert page.locator(".node.lit").count() == 2 and page.locator(".node.target").count() == 1
    start = page.eval_on_selector(".edge.lit path", "e => getComputedStyle(e).markerStart")
    head = page.eval_on_selector(".edge.lit polygon", "e => getComputedStyle(e).visibility")
    assert "back-head" in start and head == "hidden"
    page.locator("#slider").fill("0")
    assert page.locator(".edge.back").count() == 0


@pytest.mark.browser
def test_every_step_names_the_line_of_its_op(visit):
    page = visit(neuron())
    for step in range(5):
        page.locator("#slider").fill(str(step))
        assert re.search(r"elementwise\.py:\d+", page.locator("#note").text_content())


@pytest.mark.browser
def test_what_a_notebook_shows_works(visit, tmp_path):
    account = neuron()
    bundle = account._repr_mimebundle_()
    assert bundle["text/plain"] == str(account)
    outer = type("Page", (), {"save": lambda self, path: path})()
    (tmp_path / "step.html").write_text(f"<!doctype html><title>notebook</title>{bundle['text/html']}")
    frame = visit(outer).frame_locator("iframe")
    frame.get_by_role("button", name="next").click()
    assert frame.locator("#sentence").text_content() == "multiply = o * o = 0.5000"


def test_a_notebook_gets_text_where_the_page_fails(monkeypatch):
    account = neuron()
    monkeypatch.setattr(type(account), "_page", lambda self: 1 / 0)
    assert account._repr_mimebundle_() == {"text/plain": str(account)}


@pytest.mark.browser
def test_without_scripts_the_whole_table_is_there(visit):
    page = visit(neuron(), java_script_enabled=False)
    rows = page.locator("tbody tr")
    assert rows.count() == 5 and "1.4142" in rows.nth(3).text_content()
    assert page.locator("#controls").is_hidden() and page.locator("#picture svg").is_visible()


def contrast(first, second):
    """WCAG 2.2, relative luminance and contrast ratio."""

    def luminance(colour):
        parts = [int(v) / 255 for v in re.findall(r"\d+", colour)[:3]]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    light, dark = sorted([luminance(first), luminance(second)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(visit, scheme):
    page = visit(neuron(), color_scheme=scheme)
    page.locator("#slider").fill("3")
    colour = lambda where, what: page.eval_on_selector(where, f"e => getComputedStyle(e).{what}")
    ground = colour("body", "backgroundColor")
    assert (contrast(ground, "rgb(0, 0, 0)") > 10) == (scheme == "light")
    for where in ("#sentence", "#note", "#place", "td"):
        assert contrast(colour(where, "color"), ground) >= 4.5
    assert contrast(colour("#next", "color"), colour("#next", "backgroundColor")) >= 4.5
    for step in range(5):  # every text of the drawing, on its own box, lit or not
        page.locator("#slider").fill(str(step))
        pairs = page.evaluate(
            """() => [...document.querySelectorAll("#picture .node text")].map(text => [
              getComputedStyle(text).fill,
              getComputedStyle(text.closest(".node").querySelector('path:not([fill="none"])')).fill])"""
        )
        assert len(pairs) >= 9 and all(contrast(*pair) >= 4.5 for pair in pairs)
        marked = page.eval_on_selector(".node.lit path[fill=none]", "e => getComputedStyle(e).stroke")
        assert contrast(marked, ground) >= 4.5
    page.locator("#slider").fill("3")
    for text in page.locator("#picture .edge text").all():
        assert contrast(text.evaluate("e => getComputedStyle(e).fill"), ground) >= 4.5
    lit = "tr[aria-current]"
    assert contrast(colour(lit, "color"), colour(lit, "backgroundColor")) >= 4.5


@pytest.mark.browser
@pytest.mark.parametrize(
    "name", ["</script><script>document.title='taken'</script>", "<img src=x onerror=alert(1)>", "<!--rows-->"]
)
def test_a_name_is_text(visit, name):
    page = visit(neuron(name))
    assert page.title() == "A backward pass, step by step"
    assert page.locator("#sentence").text_content() == f"o = tanh({name}) = 0.7071"
    assert page.locator("img").count() == 0 and page.locator("tbody tr").count() == 5


@pytest.mark.browser
def test_a_deep_network_is_folded(visit):
    model = nn.Sequential(*[nn.Sequential(nn.Linear(2, 2), nn.Tanh()) for _ in range(150)])
    page = visit(explain(np.sum(model(mg.tensor(np.ones((1, 2)))))))
    assert "x150" in page.locator("#picture").text_content()
    page.keyboard.press("ArrowRight")
    assert page.locator(".node.lit").count() == 1
    assert page.locator("#picture .node").count() < 12
    page.locator("#slider").fill(page.locator("#slider").get_attribute("max"))
    assert page.locator(".node.lit").count() == 2


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_step_of_a_recurrence_shows_its_op_and_a_reference_to_the_weight(visit, scheme):
    """The weight itself is far out of sight then."""
    w = mg.tensor(0.9, requires_grad=True, name="w")
    h = 1.0
    for _ in range(50):
        h = np.sin(h * w)
    page = visit(explain(h), color_scheme=scheme)
    last = int(page.locator("#slider").get_attribute("max"))
    seen = """() => {
      const frame = document.querySelector("#picture").getBoundingClientRect();
      const inside = box => {
        const {left, right, top, bottom} = box.getBoundingClientRect();
        return left >= frame.left && right <= frame.right && top >= frame.top && bottom <= frame.bottom;
      };
      return [...document.querySelectorAll(".node.lit")].filter(inside).map(box => box.id);
    }"""
    referred = 0
    for step in range(100, last + 1, 7):
        page.locator("#slider").fill(str(step))
        told = json.loads(page.evaluate("JSON.stringify(steps[now])"))
        boxes = page.evaluate(seen)
        assert told["lit"][0] in boxes
        if page.locator(f"#{told['reference']}").count():
            referred += 1
            assert told["reference"] in boxes
            text, ground = page.evaluate(
                f"""[...document.querySelectorAll("#{told["reference"]} > text, #{told["reference"]} > path")]
                .map(e => getComputedStyle(e).fill)
                .filter(fill => fill !== "none")"""
            )
            assert contrast(text, ground) >= 4.5
    assert referred > 5


def test_without_a_layout_program_the_table_remains(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "_candidates", list)
    text = neuron().save(tmp_path / "step.html").read_text()
    assert "There is no drawing here" in text and text.count("<tr><td>") == 5


def test_the_page_survives_the_backward_pass_that_frees_the_graph(tmp_path):
    n = mg.tensor(0.5, requires_grad=True, name="n")
    loss = np.tanh(n) * n
    account = explain(loss)
    loss.backward()
    text = account.save(tmp_path / "step.html").read_text()
    steps = json.loads(text.partition('type="application/json">')[2].partition("</script>")[0])
    assert [step["way"] for step in steps] == ["forward"] * 2 + ["backward"] * 3
    assert [p.name for p in tmp_path.iterdir()] == ["step.html"]


def test_another_suffix(tmp_path):
    with pytest.raises(ValueError, match=r"not as '\.pdf'; use \.html"):
        neuron().save(tmp_path / "step.pdf")
