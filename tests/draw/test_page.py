"""The step page, in a real browser."""

import json
import os
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.draw import engine, explain

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


@pytest.mark.browser
def test_nothing_jumps_between_steps(visit):
    x = mg.tensor(np.ones((2, 3)), requires_grad=True, name="a_name_that_takes_more_room_than_the_line_has_" * 3)
    page = visit(explain(np.sum(nn.LayerNorm(3)(np.tanh(x) * x))), viewport={"width": 900, "height": 800})
    places = set()
    for step in range(1 + int(page.locator("#slider").get_attribute("max"))):
        page.locator("#slider").fill(str(step))
        places.add(tuple(page.locator("#next").bounding_box().values()))
    assert step > 6 and len(places) == 1


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
