"""The page of an audit in a real browser: it runs without an error, it filters, and texts inject nothing."""

import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from audit_reports import finding, report_of, result
from customdb_contract.audit import Fate
from customdb_contract.audit.printing import AUDIT_FORMATS
from customdb_contract.findings import Severity
from html_pages import HOSTILE
from test_report_html_browser import DRIVER, OPTIONS, PROGRAM

pytestmark = pytest.mark.one_python

TEXT = " ".join(HOSTILE)
REPORT = report_of(
    result(users=2, examples=(finding(user_id="user-of-shop"),)),
    result("profile-too-large", severity=Severity.WARNING, fate=Fate.REFUSED, users=1, examples=(finding(),)),
    result("missing-user-id", fate=Fate.REFUSED),
    result(TEXT, summary=TEXT, fate=Fate.EXPOSED, not_audited=TEXT),
)
VISIBLE = "return [...document.querySelectorAll(arguments[0])].filter(one => one.checkVisibility()).length"


@pytest.fixture(scope="module")
def browser() -> Generator[webdriver.Chrome]:
    if not (PROGRAM.exists() and DRIVER.exists()):
        pytest.skip("there is no Chromium on this machine")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = Path(folder, "audit.html")
        page.write_text(AUDIT_FORMATS["html"](REPORT), encoding="utf-8")
        options = webdriver.ChromeOptions()
        options.binary_location = str(PROGRAM)
        for option in (*OPTIONS.split(), f"--user-data-dir={folder}/profile"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
        try:
            driver.get(page.as_uri())
            yield driver
        finally:
            driver.quit()


def shown(browser: webdriver.Chrome) -> tuple[int, int, str]:
    """Return the number of visible rules, the number of table rows, and the page's status line."""
    rules = browser.execute_script(VISIBLE, "details.rule")
    rows = browser.execute_script(VISIBLE, "tr.rule-row")
    return rules, rows, browser.find_element(By.ID, "count").text


def test_rules_and_users_are_searched_and_filtered(browser: webdriver.Chrome) -> None:
    search = browser.find_element(By.NAME, "search")
    assert shown(browser) == (4, 4, "Showing 4 of 4 rules.")

    search.send_keys("USER-of-shop")
    assert shown(browser) == (1, 1, "Showing 1 of 4 rules.")
    browser.find_element(By.ID, "reset-filters").click()
    for name, value, number in [
        ("status", "broken", 2),
        ("severity", "warning", 1),
        ("fate", "refused at log-in", 2),
        ("status", "not audited", 1),
    ]:
        Select(browser.find_element(By.NAME, name)).select_by_value(value)
        assert shown(browser) == (number, number, f"Showing {number} of 4 rules.")
        browser.find_element(By.ID, "reset-filters").click()
    assert shown(browser)[0] == 4


def test_rules_are_opened_and_closed_and_a_link_leads_to_one_that_is_filtered_out(browser: webdriver.Chrome) -> None:
    def is_open() -> int:
        return len(browser.find_elements(By.CSS_SELECTOR, "details.rule[open]"))

    assert is_open() == 2
    browser.find_element(By.ID, "open-all").click()
    assert is_open() == 4
    browser.find_element(By.ID, "close-all").click()
    assert is_open() == 0
    Select(browser.find_element(By.NAME, "status")).select_by_value("broken")
    browser.execute_script("location.hash = 'rule-3'; dispatchEvent(new HashChangeEvent('hashchange'))")
    assert browser.find_element(By.ID, "rule-3").get_attribute("open") == "true"
    assert shown(browser)[0] == 4


def test_printed_every_rule_is_unfolded(browser: webdriver.Chrome) -> None:
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert len(browser.find_elements(By.CSS_SELECTOR, "details.rule[open]")) == 4
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert len(browser.find_elements(By.CSS_SELECTOR, "details.rule[open]")) < 4


def test_texts_inject_nothing(browser: webdriver.Chrome) -> None:
    assert browser.title == "not ok: audit of users.parquet - customdb-contract"
    assert browser.find_elements(By.CSS_SELECTOR, "img, svg, b") == []
    assert TEXT in str(browser.find_element(By.ID, "rule-4").get_property("textContent"))
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]  # Selenium has no types for it
