"""A headless Chromium for the browser tests, and waiting for facts instead of sleeping.

Owns how Chromium is found and started; knows nothing of the page. Needs Debian's `chromium` and `chromium-driver` and
the package `selenium`; CHROMIUM and CHROMEDRIVER name other programs.
"""

import json
import os
import shutil
import sys

from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

DEADLINE_S = float(os.environ.get("DEADLINE_S", "30"))


def start(width=1440, height=900, dark=False):
    """A browser with an empty profile, whose console and network are recorded."""
    options = webdriver.ChromeOptions()
    options.binary_location = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver_path = os.environ.get("CHROMEDRIVER") or shutil.which("chromedriver")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
    resize(driver, width, height)
    set_dark(driver, dark)
    return driver


def resize(driver, width, height):
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def set_dark(driver, dark):
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def wait_until(driver, fact, is_so, deadline_s=DEADLINE_S):
    """Returns the first true value of `is_so()`; fails naming the fact that did not come."""
    wait = WebDriverWait(driver, deadline_s, poll_frequency=0.05)
    return wait.until(lambda _: is_so(), message=f"not within {deadline_s:g} s: {fact}")


def requested_urls(driver):
    """Every URL that the browser asked the network for, from its own record."""
    urls = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            urls.append(message["params"]["request"]["url"])
    return urls


def check(fact, holds, detail=""):
    """A fact of the test: told when it holds, the end of the test when it does not."""
    if not holds:
        raise AssertionError(f"{fact}: {detail}" if detail != "" else fact)
    print(f"ok   {fact}", file=sys.stderr)


def base_url():
    url = os.environ.get("BASE_URL", "").rstrip("/")
    if not url:
        sys.exit("BASE_URL is not set: the address of a server started with `millstream serve --demo`")
    return url
