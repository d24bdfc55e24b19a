"""How the refresh is put together: its own share of the vault, and one run over every stored consent."""

import azure.functions as func

import refresh_timer
from refresh_timer.application import ApplicationWatch
from refresh_timer.budgeted_vault import WINDOW_SECONDS, BudgetedVault
from refresh_timer.due import Ages
from refresh_timer.renewal import Renewals
from refresh_timer.run import RefreshRun
from shared.budget import Budget
from shared.consents.consent import MANAGEMENT_NAME
from shared.consents.store import ConsentStore
from shared.services import Services


def wire(services: Services) -> list[func.Blueprint]:
    """The timer."""
    settings, clock = services.settings.refresh, services.clock
    vault = BudgetedVault(
        services.token_vault,
        creates=Budget(settings.vault_creates, seconds=WINDOW_SECONDS),
        operations=Budget(settings.vault_operations, seconds=WINDOW_SECONDS),
    )
    store = ConsentStore(vault)
    renewals = Renewals(
        store=store,
        authority_of=lambda name: services.applications.of(name).authority,
        ages=Ages(proof=settings.proof_age, store=settings.store_age),
        clock=clock,
        left_alone=frozenset() if services.applications.management else frozenset({MANAGEMENT_NAME}),
    )
    watch = ApplicationWatch(credential=services.credential, store=store, clock=clock)
    run = RefreshRun(renewals=renewals, watch=watch, concurrency=settings.concurrency, clock=clock)
    return [refresh_timer.blueprint(refresh_timer.Dependencies(refresh=run))]
