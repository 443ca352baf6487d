"""Takes the picture of the HTML report on the home page, in Chromium: `make screenshot`."""

import tempfile
from pathlib import Path
from typing import Final

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from customdb_contract.config import load_config
from customdb_contract.reports import FORMATS

_HERE: Final = Path(__file__).parent
_RULE: Final = "mismatched-user-id"
_SHOW: Final = """
const rule = [...document.querySelectorAll('details.rule')].find(each => each.textContent.includes(arguments[0]));
rule.open = true;
rule.scrollIntoView();
"""
_OPTIONS: Final = "--headless --no-sandbox --disable-gpu --no-first-run --disable-dev-shm-usage --window-size=1200,900"


def main() -> None:
    """Check the bookshop's naive database, and take a picture of one rule in the report."""
    report = load_config(_HERE.parent / "examples" / "bookshop" / "customdb-naive.toml").check()
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for option in _OPTIONS.split():
        options.add_argument(option)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "report.html")
        page.write_text(FORMATS["html"](report), encoding="utf-8")
        with webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver")) as browser:
            browser.get(page.as_uri())
            browser.execute_script(_SHOW, _RULE)
            browser.save_screenshot(str(_HERE / "_static" / "report.png"))


if __name__ == "__main__":
    main()
