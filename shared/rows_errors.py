"""What can be wrong with the tables that the broker's instances share."""

from shared.errors import BrokerError, Unavailable


class RowsUnavailable(Unavailable):
    """Table Storage does not answer, or throttles; or the file cannot be used."""

    code, says = "results_unavailable", "What the broker keeps of checks cannot be reached."


class RowsRefused(BrokerError):
    """The broker's identity may not do this in the tables, or the network keeps it out."""

    code, says = "results_refused", "Azure Table Storage refused the broker's own identity."
    remedy = (
        "The broker's administrator checks that its identity is Storage Table Data Contributor on the storage account, "
        "that the account's network settings let it in, and RESULTS_URL; wait if the role is new."
    )
