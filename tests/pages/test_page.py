"""The page that draws, in a real browser: equal to PyTorch, playable, and open to everyone."""

import io
import json

import pytest
import torch
from PIL import Image

from gan_course.data.batches import to_bytes
from gan_course.inference.translate import translate_picture
from gan_course.models.conditional import FactorMapping, value_edges
from gan_course.weights.stylegans import load_stylegan
from gan_course.weights.translators import load_translator
from maintain import page as page_builder
from maintain.page import STYLEGANS, TRANSLATORS

pytestmark = pytest.mark.slow
SIZES = ({"width": 1280, "height": 900}, {"width": 390, "height": 844})


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("site") / "play.html"
    assert page_builder.main(["--out", str(path)]) == 0
    return path


@pytest.fixture
def page(browser, file):
    """The page, opened from its file; whatever the console complains of fails the test."""
    page = browser.new_page(viewport=SIZES[0])
    complaints = []
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda it: it.url.startswith("http") and complaints.append(it.url))
    page.goto(file.as_uri())
    yield page
    page.close()
    assert complaints == []


def pixels(page, canvas):
    return page.evaluate(
        f"""() => {{ const c = document.getElementById("{canvas}");
        return Array.from(c.getContext("2d").getImageData(0, 0, c.width, c.height).data); }}"""
    )


def test_the_first_picture_is_there_without_a_click(page):
    page.wait_for_function("document.getElementById('draw-time').textContent !== ''")
    print(f"drawing the mixture: {page.inner_text('#draw-time')}")
    assert len(set(pixels(page, "mixture"))) > 20


@pytest.mark.parametrize("name", STYLEGANS)
def test_its_stylegan_draws_what_pytorch_draws(page, name):
    G = load_stylegan(name)
    z = torch.randn(1, G.z_dim, generator=torch.Generator().manual_seed(3))
    page.select_option("#world", name)
    script = "z => Array.from(G.synthesise(Array(G.numWs).fill(G.map(Float32Array.from(z)))).data)"
    drawn = torch.tensor(page.evaluate(script, z[0].tolist()))
    with torch.no_grad():
        expected = G(z, noise="const").flatten()
    assert (drawn - expected).abs().max() < 1e-3


def test_a_mapping_that_reads_factors_from_z_is_that_of_pytorch(page):
    sizes = (3, 2)
    torch.manual_seed(0)
    mapping = FactorMapping(sizes, z_dim=4, w_dim=6, n_layers=2, lr_multiplier=0.1)
    tensors = {
        f"mapping.{name}": {"shape": list(value.shape), "data": value.flatten().tolist()}
        for name, value in mapping.state_dict().items()
    }
    edges = [row[row.isfinite()].tolist() for row in value_edges(sizes)]
    config = {"img_resolution": 8, "n_mapping": 2, "mapping_lr": 0.1, "factors": sizes}
    script = """([tensors, config, z]) =>
        Array.from(new StyleGAN(tensors, config).map(Float32Array.from(z)))"""
    for z in torch.randn(5, 4):
        drawn = page.evaluate(script, [tensors, config | {"edges": edges}, z.tolist()])
        assert drawn == pytest.approx(mapping(z[None])[0].tolist(), abs=1e-4)


def test_a_slider_changes_the_mixture_and_not_the_parents(page):
    page.wait_for_function("document.getElementById('draw-time').textContent !== ''")
    before = {name: pixels(page, name) for name in ("mixture", "parent-a", "parent-b")}
    slider = page.get_by_label("8 px: styles from A to B")
    slider.focus()
    page.keyboard.press("End")
    page.wait_for_function("mix[1] === 1 && !waiting")
    assert pixels(page, "mixture") != before["mixture"]
    assert all(pixels(page, name) == before[name] for name in ("parent-a", "parent-b"))


def test_at_psi_0_the_parents_are_alike(page):
    page.get_by_label("Truncation").focus()
    page.keyboard.press("Home")
    page.evaluate("newParents()")
    assert pixels(page, "parent-a") == pixels(page, "parent-b")


def picture_file(width=61, height=46):
    """A picture with colours and edges, as the bytes of a PNG, and as a tensor."""
    row, column = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    picture = torch.stack([row * 5, column * 4, (row // 8 + column // 8) % 2 * 200]).byte()
    buffer = io.BytesIO()
    Image.fromarray(picture.permute(1, 2, 0).numpy()).save(buffer, "PNG")
    return buffer.getvalue(), picture


@pytest.mark.parametrize("name", TRANSLATORS)
def test_a_photograph_is_translated_as_pytorch_does(page, name):
    content, picture = picture_file()
    page.get_by_role("tab", name="Translate").click()
    page.wait_for_function("!document.getElementById('save-translation').disabled", timeout=90_000)
    page.evaluate("name => { element('translator').value = name; }", name)
    page.set_input_files("#file", {"name": "mine.png", "mimeType": "image/png", "buffer": content})
    page.wait_for_function(
        "element('after').width === 61 && !element('save-translation').disabled", timeout=60_000
    )
    print(f"{name}: {page.inner_text('#translate-time')}")
    shown = torch.tensor(pixels(page, "after")).view(46, 61, 4)[..., :3].movedim(-1, 0)
    expected = translate_picture(load_translator(name), picture)
    assert (shown - expected.int()).abs().max() <= 1


def test_a_picture_dropped_while_the_sample_still_loads_is_translated(page):
    """The sample's slow answer must not replace what was chosen after it."""
    page.evaluate(
        """() => {
        const load = window.fetch;
        window.fetch = async (address) => {
          const answer = await load(address);
          await new Promise((then) => setTimeout(then, 500));
          return answer;
        };
        }"""
    )
    content, _ = picture_file()
    page.get_by_role("tab", name="Translate").click()
    page.evaluate(
        """bytes => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(bytes)], "mine.png", { type: "image/png" }));
        element("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
        }""",
        list(content),
    )
    page.wait_for_timeout(1000)
    page.wait_for_function("!element('save-translation').disabled", timeout=60_000)
    assert page.evaluate("[element('after').width, element('after').height]") == [61, 46]


def test_what_is_no_picture_gets_a_line_with_its_name(page):
    page.get_by_role("tab", name="Translate").click()
    page.set_input_files(
        "#file", {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    )
    page.wait_for_function("element('translate-error').textContent !== ''")
    assert "notes.txt is not a picture" in page.inner_text("#translate-error")


def test_the_game_covers_all_modes_from_seed_0(page):
    page.get_by_role("tab", name="Play").click()
    page.evaluate("advance(1200); drawPlane();")
    assert page.inner_text("#counts").startswith("step 1200: 8 of 8 modes covered")


def test_the_gradients_of_its_networks_are_those_of_differences(page):
    """The chain rule by hand, against the change of the loss when a weight moves a little."""
    off = page.evaluate(
        """() => {
        let worst = 0;
        const random = randomNumbers(5);
        for (const [name, loss] of Object.entries(LOSSES)) {
          for (const term of [loss.real, loss.fake, loss.G]) {
            const s = 0.3;
            const slope = (term(s + 1e-5)[0] - term(s - 1e-5)[0]) / 2e-5;
            worst = Math.max(worst, Math.abs(slope - term(s)[1]));
          }
        }
        const net = new MLP([2, 8, 1], random), x = Float32Array.from([0.3, -0.7, 1.1, 0.4]);
        const total = () => net.forward(x, 2).reduce((a, b) => a + b * b, 0);
        const y = net.forward(x, 2);
        net.backward(y.map((v) => 2 * v), 2, true);
        for (const { weight } of net.layers) {
          for (let n = 0; n < weight.value.length; n++) {
            const kept = weight.value[n];
            weight.value[n] = kept + 1e-2;
            const up = total();
            weight.value[n] = kept - 1e-2;
            const down = total();
            weight.value[n] = kept;
            worst = Math.max(worst, Math.abs((up - down) / 2e-2 - weight.slope[n]));
          }
        }
        return worst;
        }"""
    )
    assert off < 2e-2


def test_tabs_answer_to_the_arrow_keys(page):
    page.get_by_role("tab", name="Draw").focus()
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#translate") and not page.is_visible("#draw")
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#play")
    page.keyboard.press("ArrowLeft")
    assert page.is_visible("#translate")


@pytest.mark.parametrize("size", SIZES, ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_it(page, size, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)
    for tab in ("Draw", "Translate", "Play"):
        page.get_by_role("tab", name=tab).click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), tab
        found = axe.run(page).response["violations"]
        assert found == [], json.dumps([(one["id"], one["nodes"][0]["html"]) for one in found])


def test_bytes_of_a_picture_are_rounded_as_the_course_rounds_them(page):
    values = torch.linspace(-1, 1, 300)
    script = """x => { const p = features(3, 1, 100, Float32Array.from(x));
        const d = toImageData(p).data, out = [];
        for (let c = 0; c < 3; c++) for (let n = 0; n < 100; n++) out.push(d[4 * n + c]);
        return out; }"""
    shown = torch.tensor(page.evaluate(script, values.tolist()))
    assert (shown - to_bytes(values.view(1, 3, 1, 100)).flatten().int()).abs().max() <= 1
