#!/usr/bin/env python3
"""The page at `/` in a real Chromium, used as a person would: start, watch, cut, resume, reload, come back, cancel.

BASE_URL        a server started with `serve --demo`
SCREENSHOT_DIR  where pictures go (optional)
DEADLINE_S      how long one fact may take to come (30)

Exit status 0 when all facts hold, 1 with the fact that did not, 2 when the browser could not be used.
"""

import os
import sys

from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.by import By

import browser
from browser import check, wait_until


class Page:
    """The page as its user sees it."""

    def __init__(self, driver, base):
        self.driver = driver
        self.base = base
        self.pictures = os.environ.get("SCREENSHOT_DIR")

    def open(self, address="/"):
        self.driver.get(self.base + address)

    def find(self, name):
        return self.driver.find_element(By.ID, name)

    def click(self, name):
        self.find(name).click()

    def text(self, name):
        return self.find(name).text

    @property
    def state(self):
        return self.find("job").get_attribute("data-state")

    @property
    def job(self):
        return self.find("job").get_attribute("data-job")

    @property
    def connection(self):
        return self.find("race").get_attribute("data-connection")

    @property
    def count(self):
        return int(self.find("race").get_attribute("data-count") or 0)

    @property
    def numbers(self):
        """The numbers in the list of events, in the order shown."""
        script = "return [...document.querySelectorAll('#events .event')].map(row => row.dataset.id)"
        return [int(id.rsplit("-", 1)[1]) for id in self.driver.execute_script(script)]

    @property
    def names(self):
        script = "return [...document.querySelectorAll('#events .event')].map(row => row.dataset.name)"
        return self.driver.execute_script(script)

    def until(self, fact, is_so):
        return wait_until(self.driver, fact, is_so)

    def until_state(self, state):
        self.until(f"the job is {state}", lambda: self.state == state)

    def start_steps(self, steps, interval_ms):
        before = self.job
        self.click("tab-steps")
        for name, value in (("steps", steps), ("interval", interval_ms)):
            self.find(name).clear()
            self.find(name).send_keys(str(value))
        self.click("start-steps")
        self.until("a new job is shown", lambda: self.job and self.job != before)

    def picture(self, name):
        if not self.pictures:
            return
        os.makedirs(self.pictures, exist_ok=True)
        self.driver.save_screenshot(os.path.join(self.pictures, f"{name}.png"))

    def expect_whole_log(self, when, last):
        self.until(f"all {last} events are listed {when}", lambda: len(self.numbers) == last)
        check(f"the numbers are 1 to {last}, each once, {when}", self.numbers == list(range(1, last + 1)), self.numbers)
        race = self.find("race")
        check(f"the page itself says that nothing is missing {when}", race.get_attribute("data-contiguous") == "ok")
        check(f"no event came twice {when}", race.get_attribute("data-duplicates") == "0")
        terminal = [name for name in self.names if name in ("completed", "failed", "cancelled")]
        check(f"there is one terminal event and it is the last {when}", terminal == [self.names[-1]], self.names)


def watch_cut_and_resume(page):
    page.open()
    page.until("the server answers", lambda: page.find("server").get_attribute("data-answering") == "yes")
    page.picture("wide-light-start")

    page.start_steps(steps=40, interval_ms=150)
    page.until("progress is shown", lambda: page.find("bar").get_attribute("aria-valuenow") not in (None, "0"))
    page.until("five events came live", lambda: page.count >= 5)
    page.picture("wide-light-live")

    page.click("cut")
    page.until("the connection is cut", lambda: page.connection == "cut")
    at_cut = page.count
    behind = "return fetch(arguments[0]).then(r => r.json()).then(job => Number(job.last_event_id.split('-').pop()))"
    status_url = f"/v1/jobs/{page.job}"
    page.until(
        "the job goes on without a reader",
        lambda: page.driver.execute_script(behind, status_url) >= at_cut + 5,
    )
    check("nothing arrives while the connection is cut", page.count == at_cut, f"{at_cut} then {page.count}")
    page.picture("wide-light-cut")

    page.click("cut")
    page.until("the missed events came", lambda: page.count >= at_cut + 5)
    pieces = "return [...document.querySelectorAll('#channel i')].map(piece => piece.className)"
    check("what was missed is shown as replayed", "replay" in page.driver.execute_script(pieces))
    page.until_state("completed")
    page.until("the stream is closed after the terminal event", lambda: page.connection == "ended")
    last = page.count
    check("there is an event for each step and the end", last >= 41, last)
    page.expect_whole_log("after cut and resume", last)
    page.picture("wide-light-completed")
    return page.job, last


def come_back(page, job, last):
    page.driver.refresh()
    page.until_state("completed")
    page.expect_whole_log("after a reload", last)
    check("the reload shows the same job", page.job == job)

    page.driver.get("about:blank")
    page.open()
    page.until("the last job is shown again", lambda: page.job == job)
    page.expect_whole_log("after coming back to the bare address", last)
    check("the job is in the list", page.driver.find_elements(By.CSS_SELECTOR, f'#jobs a[href="#job={job}"]'))


def cancel_running(page):
    page.start_steps(steps=1000, interval_ms=100)
    page.until("it runs", lambda: page.count >= 2)
    page.click("cancel")
    page.until_state("cancelled")
    page.until("the stream is closed after the cancellation", lambda: page.connection == "ended")
    page.expect_whole_log("after a cancellation", page.count)

    page.start_steps(steps=1000, interval_ms=100)
    page.until("it runs", lambda: page.count >= 2)
    row = f'//ul[@id="jobs"]/li[a[@href="#job={page.job}"]]/button'
    page.until("the list offers to cancel it", lambda: page.driver.find_elements(By.XPATH, row))
    page.driver.find_element(By.XPATH, row).click()
    page.until_state("cancelled")
    check("a running job is cancelled from the list", True)


def look_at_narrow(page, job):
    for width in (360, 390):
        browser.resize(page.driver, width, 844)
        browser.set_dark(page.driver, width == 390)
        page.open(f"/#job={job}")
        page.driver.refresh()
        page.until_state("completed")
        wide = page.driver.execute_script("return document.documentElement.scrollWidth")
        check(f"nothing is wider than a window of {width} px", wide <= width, wide)
        page.picture(f"narrow-{width}-{'dark' if width == 390 else 'light'}")
    browser.resize(page.driver, 1440, 900)
    page.picture("wide-dark-completed")


def stay_at_home(page):
    """Reads the records, so it comes last."""
    script = "return performance.getEntriesByType('resource').map(entry => entry.name)"
    urls = page.driver.execute_script(script) + browser.requested_urls(page.driver)
    foreign = [url for url in urls if not url.startswith((page.base + "/", "data:", "about:", "chrome"))]
    check(f"none of {len(urls)} requests leaves the origin", urls and not foreign, foreign)
    errors = [entry for entry in page.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    check("the console has no error and no warning", not errors, errors)


def main():
    base = browser.base_url()
    try:
        driver = browser.start()
    except WebDriverException as error:
        print(f"page_test: Chromium did not start: {error}", file=sys.stderr)
        return 2
    page = Page(driver, base)
    try:
        job, last = watch_cut_and_resume(page)
        come_back(page, job, last)
        cancel_running(page)
        look_at_narrow(page, job)
        stay_at_home(page)
    except (AssertionError, WebDriverException) as error:
        reason = error.msg if isinstance(error, (TimeoutException, WebDriverException)) else error
        page.picture("failure")
        print(f"page_test: FAILED: {reason}", file=sys.stderr)
        print(f"page_test: console: {driver.get_log('browser')}", file=sys.stderr)
        return 1
    finally:
        driver.quit()
    print("page_test: all facts hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
