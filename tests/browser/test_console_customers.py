"""The customers' pages as a browser sees them: accessible in both colours, and readable on a phone."""

import pytest
from playwright.sync_api import Page as Tab

from tests.browser.test_every_page import TARGETS, TOO_WIDE, found_by_axe, resize
from tests.console_http.customers_desk import CustomersDesk
from tests.customers_http.test_status import tenant


@pytest.mark.parametrize("which", ["customers", "customer", "absent"])
def test_a_page_of_customers_is_what_it_should_be_at_every_size_and_in_both_colours(tab: Tab, which: str) -> None:
    desk = CustomersDesk()
    desk.desk.keep(1)
    desk.desk.keep(2, "delegated_rights_missing", said=50020)
    shown = {
        "customers": desk.show(),
        "customer": desk.show_one(tenant(2)),
        "absent": desk.show_one(tenant(7)),
    }
    tab.set_content(shown[which].html)
    assert dict(found_by_axe(tab)) == {"light": [], "dark": []}
    resize(tab, 390, 844)
    assert tab.evaluate(TOO_WIDE) == []
    assert [size for size in tab.evaluate(TARGETS) if min(size) < 44] == []
    resize(tab, 320, 568)
    assert tab.evaluate(TOO_WIDE) == []
