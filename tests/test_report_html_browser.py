"""The report as HTML in a real browser: it runs without an error, it filters and searches, and texts inject nothing."""

import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from attrs import evolve
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from customdb_contract import Connection
from customdb_contract.findings import Finding, Report, Severity, Status, Verdict
from customdb_contract.reports import TENANT_FORMATS
from customdb_contract.rules import CATALOGUE, judge
from customdb_contract.transcript import Header, StopKind, StopReason, Transcript
from html_pages import HOSTILE

pytestmark = pytest.mark.one_python

PROGRAM = Path("/usr/bin/chromium")
DRIVER = Path("/usr/bin/chromedriver")
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1200,900"
)

BROKEN = """
person ada email=ada@example.com
get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "email_verified": true}
login ada@example.com «password of ada» -> found {"user_id": "8", "email": "ada@example.com", "email_verified": true}
operation log_in by user of ada on shop identifier=ada@example.com password=«password of ada» -> refused "no"
"""

IDS = "return [...document.querySelectorAll(arguments[0])].map(rule => rule.id)"
IS_VISIBLE = "return arguments[0].checkVisibility()"
VISIBLE = (
    "return [...document.querySelectorAll('details.rule')].filter(rule => rule.checkVisibility()).map(rule => rule.id)"
)


def hostile_report() -> Report:
    text = " ".join(HOSTILE)
    finding = Finding(text, Severity.WARNING, None, (), text, text, text, text)
    verdicts = [
        Verdict(
            rule=evolve(CATALOGUE[0].info, name=f"hostile-{status}"), status=status, findings=(finding,), reason=text
        )
        for status in (Status.FAILED, Status.WAIVED, Status.CRASHED)
    ]
    header = Header(connection=Connection(name=text), stop_reason=StopReason(StopKind.TIME, text))
    return Report(transcript=Transcript(header), verdicts=tuple(verdicts))


@pytest.fixture(scope="module")
def started() -> Generator[webdriver.Chrome]:
    if not (PROGRAM.exists() and DRIVER.exists()):
        pytest.skip("there is no Chromium on this machine")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = Path(folder, "report.html")
        html = TENANT_FORMATS["html"]([judge(Transcript.parse(BROKEN)), hostile_report()])
        page.write_text(html, encoding="utf-8")
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


@pytest.fixture
def browser(started: webdriver.Chrome) -> Generator[webdriver.Chrome]:
    started.get(started.current_url.partition("#")[0])
    yield started
    assert started.get_log("browser") == []  # type: ignore[no-untyped-call]  # Selenium has no types for it
    assert started.title == f"not ok: custom-database, {' '.join(HOSTILE)} - customdb-contract"


def visible(browser: webdriver.Chrome) -> list[str]:
    return list(browser.execute_script(VISIBLE))


def count(browser: webdriver.Chrome) -> str:
    return browser.find_element(By.ID, "count").text


def test_a_report_opens_with_every_rule_and_the_form(browser: webdriver.Chrome) -> None:
    total = len(CATALOGUE) + 3

    assert count(browser) == f"Showing {total} of {total} rules."
    assert len(visible(browser)) == total
    assert browser.find_element(By.ID, "filters").is_displayed()
    assert browser.find_element(By.CSS_SELECTOR, "#c1-rule-mismatched-user-id .profiles").is_displayed()


def test_names_chosen_by_scripts_inject_nothing(browser: webdriver.Chrome) -> None:
    assert len(browser.find_elements(By.TAG_NAME, "script")) == 1
    assert browser.find_elements(By.CSS_SELECTOR, "img, svg, main > *:not(form):not(section)") == []
    message = browser.find_element(By.CSS_SELECTOR, "#c2-rule-hostile-failed .message")
    assert message.text == f"{' '.join(HOSTILE)}: {' '.join(HOSTILE)}"


def test_the_policy_blocks_what_would_be_injected(browser: webdriver.Chrome) -> None:
    browser.execute_script("document.body.insertAdjacentHTML('beforeend', arguments[0])", HOSTILE[1])

    blocked: list[str] = []

    def has_blocked_both(_: object) -> bool:
        entries = browser.get_log("browser")  # type: ignore[no-untyped-call]  # Selenium has no types for it
        blocked.extend(entry["message"] for entry in entries)
        return len(blocked) == 2

    WebDriverWait(browser, 60).until(has_blocked_both)
    assert all("violates the following Content Security Policy directive" in message for message in blocked), blocked
    assert {word for word in ("image", "event handler") for message in blocked if word in message} == {
        "image",
        "event handler",
    }


def test_rules_are_searched(browser: webdriver.Chrome) -> None:
    search = browser.find_element(By.NAME, "search")

    search.send_keys("MISMATCHED user_id")

    assert "c1-rule-mismatched-user-id" in visible(browser)
    assert count(browser) == f"Showing {len(visible(browser))} of {len(CATALOGUE) + 3} rules."
    assert len(visible(browser)) < 20
    search.send_keys(Keys.ENTER)
    search.send_keys(" what no rule says")
    assert visible(browser) == []
    assert [tag for tag in browser.find_elements(By.CSS_SELECTOR, "section.group") if tag.is_displayed()] == []
    browser.find_element(By.ID, "reset-filters").send_keys(Keys.ENTER)
    assert len(visible(browser)) == len(CATALOGUE) + 3


@pytest.mark.parametrize(
    ("name", "value", "attribute"),
    [
        ("status", "failed", "data-status"),
        ("severity", "info", "data-severity"),
        ("script", "get_user", "data-script"),
        ("group", "profile", "data-group"),
    ],
)
def test_rules_are_filtered(name: str, value: str, attribute: str, browser: webdriver.Chrome) -> None:
    Select(browser.find_element(By.NAME, name)).select_by_value(value)

    listed = f"details.rule[{attribute}='{value}'], details.rule[{attribute}^='{value},'], "
    listed += f"details.rule[{attribute}*=', {value},'], details.rule[{attribute}$=', {value}']"
    expected = browser.execute_script(IDS, listed)
    assert visible(browser) == expected
    assert 0 < len(expected) < len(CATALOGUE)


def test_filters_and_search_are_combined(browser: webdriver.Chrome) -> None:
    Select(browser.find_element(By.NAME, "status")).select_by_value("failed")
    browser.find_element(By.NAME, "search").send_keys("mismatched")

    assert visible(browser) == ["c1-rule-mismatched-user-id"]
    assert count(browser) == f"Showing 1 of {len(CATALOGUE) + 3} rules."


def test_a_link_shows_its_rule_despite_filters(browser: webdriver.Chrome) -> None:
    Select(browser.find_element(By.NAME, "status")).select_by_value("passed")
    rule = browser.find_element(By.ID, "c1-rule-mismatched-user-id")
    assert not rule.is_displayed()

    browser.find_element(By.CSS_SELECTOR, "a[href='#c1-rule-mismatched-user-id']").send_keys(Keys.ENTER)

    # A browser follows a link before it notifies the script.
    WebDriverWait(browser, 60).until(lambda _: rule.is_displayed())
    assert rule.get_attribute("open") is not None
    browser.find_element(By.CSS_SELECTOR, "a[href='#c2']").click()


def test_rules_are_opened_and_closed_with_the_keyboard_all_at_once_and_for_printing(browser: webdriver.Chrome) -> None:
    def opened() -> int:
        return len(browser.find_elements(By.CSS_SELECTOR, "details[open]"))

    total = len(browser.find_elements(By.TAG_NAME, "details"))
    browser.find_element(By.ID, "close-all").send_keys(Keys.ENTER)
    assert opened() == 0
    browser.find_element(By.CSS_SELECTOR, "#c1-rule-mismatched-user-id summary").send_keys(Keys.ENTER)
    assert opened() == 1

    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert opened() == total
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert opened() == 1
    browser.find_element(By.ID, "open-all").send_keys(Keys.ENTER)
    assert opened() == total


@pytest.mark.parametrize(("scheme", "color"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(22, 22, 26)")])
def test_a_page_follows_the_colour_scheme_of_its_reader(scheme: str, color: str, browser: webdriver.Chrome) -> None:
    wish = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", wish)

    body = browser.find_element(By.TAG_NAME, "body")
    assert body.value_of_css_property("background-color").replace("rgba", "rgb").replace(", 1)", ")") == color


def test_without_javascript_and_in_print_everything_can_be_read(browser: webdriver.Chrome) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.refresh()
        assert not browser.find_element(By.ID, "filters").is_displayed()
        assert browser.find_element(By.CSS_SELECTOR, "#c1-rule-mismatched-user-id .sequence").is_displayed()
        inside = browser.find_element(By.CSS_SELECTOR, "#c1-rule-retired-connection .source")
        assert not browser.execute_script(IS_VISIBLE, inside)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        assert browser.execute_script(IS_VISIBLE, inside)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
