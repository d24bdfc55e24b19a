"""Why somebody is not let into the console: the branch of the error tree that this package adds.

BrokerError
└── ConsoleRefused
    └── SignInNeeded, SignInAgain, SignInNotDone, FormFromElsewhere, ConsoleBusy
"""

from shared import acts
from shared.errors import BrokerError


class ConsoleRefused(BrokerError):
    """The console shows or does nothing, for this reason."""

    code, error, status = "console_refused", "access_denied", 403
    says, remedy, act = "The console is not open to you.", "Sign in again.", acts.CORRECT_REQUEST


class SignInNeeded(ConsoleRefused):
    """No session, or one that was signed out."""

    code, status = "console_sign_in_needed", 401
    says = "You are not signed in to the console."
    remedy = "Use your account of the partner's own tenant. Its app roles decide what you see here."


class SignInAgain(ConsoleRefused):
    """The session is over, or its roles have to be confirmed and Entra ID wants the person for it, or it is a POST."""

    code, status = "console_sign_in_again", 401
    says = "Nothing was changed: your session is over, or your roles were last confirmed more than an hour ago."
    remedy = "Sign in again, then repeat what you did."


class SignInNotDone(ConsoleRefused):
    """The sign-in at Entra ID came to nothing, or was not begun in this browser."""

    code, status = "console_sign_in_failed", 400
    says = "You were not signed in: the sign-in was cancelled, took too long, or was begun in another browser."
    remedy = "Allow cookies for this site and sign in once more, with an account of the partner's own tenant."


class FormFromElsewhere(ConsoleRefused):
    """The form was not sent from a page of this session."""

    code, says = "console_form_refused", "Nothing was done: this did not come from a page of your session."
    remedy = "Open the page again and press the button there."


class ConsoleBusy(ConsoleRefused):
    """Another act goes on; `detail` says which."""

    code, error, status, act = "console_busy", "invalid_request", 409, acts.CUSTOMERS
    says = "Nothing was done: acts that wait for other services are done one at a time for a customer, four in all."
    remedy = "Wait until the other one has ended, look at the customer, then press the button again."
