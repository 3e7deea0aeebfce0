"""How long the widgets of the built book take to answer, on a slow phone.

    python -m benchmarks.redraw [slowdown]

Changes each widget's state in headless Chromium, forth and back, with the processor
slowed down (4 times by default), and prints the median and the largest time of a
redraw, in milliseconds; a frame has 16. Build the book first.
"""

import statistics
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from scripts.chromium import find_chromium

PAGES = Path(__file__).parent.parent / "_build/html/notebooks"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

#: By chapter and widget: a part of the state and two values to change between.
CHANGES = {
    ("01_fully_connected_limits", "pixel_order"): [
        ("pixel", [3, 3], [4, 4]),
        ("shuffled", True, False),
    ],
    ("01_fully_connected_limits", "layer_cost"): [("side", 224, 28)],
    ("02_convolution", "convolution_stepper"): [
        ("position", 1, 0),
        ("flip", True, False),
    ],
    ("03_padding", "padding_explorer"): [
        ("position", 1, 0),
        ("padding", [2, 2, 2, 2], [1, 1, 1, 1]),
        ("mode", "reflect", "zeros"),
    ],
    ("04_stride", "stride_explorer"): [
        ("position", 1, 0),
        ("stride", [1, 1], [2, 2]),
    ],
    ("05_output_size", "size_calculator"): [("size", 31, 28), ("selected", 1, 0)],
    ("06_rgb_channels", "channel_stepper"): [
        ("position", 1, 0),
        ("filter", 1, 0),
        ("channels", [True, False, True], [True, True, True]),
    ],
    ("07_pooling", "pooling_explorer"): [
        ("position", 1, 0),
        ("window", [1, 1], [2, 2]),
        ("kind", "average", "max"),
        ("upstream", "all", "selected"),
    ],
    ("08_relu", "activation_explorer"): [
        ("x", -1, 1),
        ("scale", 2, 1),
        ("seed", 1, 0),
    ],
    ("09_convolutional_network", "network_explorer"): [
        ("example", 1, 0),
        ("inside", False, True),  # all layers, from here on
        ("unit", [4, 2, 3, 4], [4, 2, 3, 5]),
        ("example", 1, 0),  # with a unit taken apart
        ("unit", [8, 4], [3, 1, 1, 1]),
    ],
}

# Times changes with all that they compute, draw and lay out.
TIMED = """(place, [name, values]) => {
    const times = [];
    for (let i = 0; i < 40; i++) {
        const start = performance.now();
        place.model.set(name, values[i % 2]);
        place.getBoundingClientRect();
        times.push(performance.now() - start);
    }
    return times;
}"""


def redraws(page, stem):
    """Change what stands on a chapter's page; (widget, name, milliseconds) of each."""
    for (chapter, widget), changes in CHANGES.items():
        if chapter != stem:
            continue
        for place in page.locator(f'[data-state="live"][data-widget="{widget}"]').all():
            for name, *values in changes:
                yield widget, name, place.evaluate(TIMED, [name, values])


def opened(browser, stem, slowdown):
    """A chapter's page with its widgets alive, the processor slowed down."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((PAGES / f"{stem}.html").as_uri())
    page.wait_for_selector('.cnnbook-widget[data-state="live"]')
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    return page


def main(slowdown):
    """Print a row for each widget of each page and each change."""
    print(f"processor slowed down {slowdown:g} times; milliseconds a redraw")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=ARGUMENTS
        )
        for stem in dict.fromkeys(stem for stem, _ in CHANGES):
            page = opened(browser, stem, slowdown)
            for widget, name, times in redraws(page, stem):
                middle, most = statistics.median(times), max(times)
                print(f"{widget:20}{name:10}{middle:7.1f}{most:7.1f}", flush=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 4)
