"""What a person does in a tab, and what the page in it says."""

from playwright.sync_api import Error, Page, expect

from local.world import User

STORED = "Your consent is stored"
REDIRECT = "**/api/consent/redirect?*"
MOST_STEPS_BACK = 5


def press(tab: Page) -> None:
    """Press the only button of our page, and be at Entra ID."""
    tab.get_by_role("button").click()
    expect(tab.get_by_label("User name")).to_be_visible()


def sign_in(tab: Page, user: User, *, back: str = REDIRECT) -> None:
    """From Entra ID's first page to the address that leads back."""
    tab.get_by_label("User name").fill(user.username)
    tab.get_by_label("Password").fill(user.password)
    tab.get_by_role("button", name="Sign in").click()
    if user.mfa:
        tab.get_by_role("button", name="Approve").click()
    tab.wait_for_url(back)


def consent(tab: Page, link: str, user: User) -> None:
    """The whole way from the link to the last page, whichever that is."""
    tab.goto(link)
    press(tab)
    sign_in(tab, user)


def back_to(tab: Page, address: str) -> None:
    """Press the back button until an address that begins so is reached, over pages that need their form sent again."""
    for _ in range(MOST_STEPS_BACK):
        try:
            tab.go_back()
        except Error as error:
            if "ERR_CACHE_MISS" not in error.message:
                raise
            expect_title(tab, "Confirm Form Resubmission")
        if tab.url.startswith(address):
            return
    raise AssertionError(f"{address} is not behind {tab.url}")


def expect_title(tab: Page, title: str) -> None:
    """Wait for the page with this heading."""
    expect(tab.get_by_role("heading", level=1)).to_have_text(title)


def expect_code(tab: Page, code: str) -> None:
    """Wait for the refusal with this code."""
    expect(tab.locator("dt:text-is('Code') + dd")).to_have_text(code)


def focused(tab: Page) -> str:
    """The text of what has the keyboard's focus."""
    text: str = tab.evaluate("document.activeElement.textContent")
    return text
