"""How long the widgets of the built book take to answer, on a slow phone.

    python -m benchmarks.redraw [slowdown]

Operates each stepper of chapter 2 in headless Chromium with the processor slowed
down (4 times by default) and prints the median and the largest time of a redraw, in
milliseconds; a frame has 16. Build the book first.
"""

import statistics
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from scripts.chromium import find_chromium

PAGE = Path(__file__).parent.parent / "_build/html/notebooks/02_convolution.html"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

# Times an action with all that it computes, draws and lays out.
TIMED = """([index, control]) => {
    const widget = document.querySelectorAll(".cnn-stepper")[index];
    const element = widget.querySelector(`[data-control=${control}]`);
    const times = [];
    for (let i = 0; i < 40; i++) {
        const start = performance.now();
        element.click();
        widget.getBoundingClientRect();
        times.push(performance.now() - start);
    }
    return times;
}"""


def main(slowdown):
    """Print a row for each stepper and control."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=ARGUMENTS
        )
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(PAGE.as_uri())
        page.wait_for_selector('.cnnbook-widget[data-state="live"]')
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
        print(f"processor slowed down {slowdown:g} times; milliseconds a redraw")
        for index in range(page.locator(".cnn-stepper").count()):
            for control in ("step", "back", "flip"):
                times = page.evaluate(TIMED, [index, control])
                middle, most = statistics.median(times), max(times)
                print(f"stepper {index + 1} {control:6}{middle:7.1f}{most:7.1f}")
        browser.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 4)
