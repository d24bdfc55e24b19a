"""Composition root: settings in, blueprints out; nothing else reads the environment."""

import logging
import os
import sys
import warnings

import azure.functions as func

import consent_http.wiring
import console_http
import console_http.wiring
import customers_http.wiring
import customers_timer.wiring
import refresh_timer.wiring
import token_http.wiring
from shared.clock import Clock, utc_now
from shared.services import Services
from shared.settings import Settings, SettingsError, read_settings


def compose(settings: Settings, *, clock: Clock = utc_now) -> func.FunctionApp:
    """The whole app for these settings; touches no network."""
    _quiet_libraries()
    services = Services.of(settings, clock=clock)
    issuer = token_http.wiring.issuer(services)
    forgetting = token_http.wiring.forgetting(services, issuer)
    consents = consent_http.wiring.dependencies(services, on_change=issuer.forget)
    check = customers_http.wiring.check_of(services)
    parts = (
        *consent_http.wiring.wire(consents),
        *customers_http.wiring.wire(services, forgetting=forgetting, check=check, on_stop=issuer.forget_stops),
        *console_http.wiring.wire(
            services,
            status=customers_http.wiring.status_of(services),
            customers=customers_http.wiring.matrix_of(services),
            acts=customers_http.wiring.acts_of(services, forgetting=forgetting),
            recheck=customers_timer.wiring.recheck_of(services).again,
            policy=token_http.wiring.policy_of(services, issuer),
            consents=console_http.Consents(
                desk=consents.desk,
                check=check,
                rows=token_http.wiring.consents_rows(issuer),
                blame=customers_http.wiring.blame_of(services),
            ),
        ),
        *customers_timer.wiring.wire(
            services,
            read_reach=token_http.wiring.reach(services),
            grant=customers_http.wiring.granter(services),
            forget=forgetting.with_next_look,
        ),
        *refresh_timer.wiring.wire(services),
        *token_http.wiring.wire(services, issuer, watch=forgetting.watch),
    )
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    for part in parts:
        app.register_functions(part)
    return app


def _quiet_libraries() -> None:
    # The SDKs tell secret names and addresses at INFO and more at DEBUG; urllib3 tells, at WARNING, the headers that it
    # cannot read, and MSAL, at ERROR, the whole of an answer that is not quite JSON, tokens and all. What went wrong
    # reaches our own log as an error of the tree.
    for library, level in (("azure", logging.WARNING), ("urllib3", logging.ERROR), ("msal", logging.CRITICAL + 1)):
        logging.getLogger(library).setLevel(level)
    # MSAL would rather have form_post, whose cross-site POST brings no SameSite=Lax cookie (docs/decisions/).
    warnings.filterwarnings("ignore", message="response_mode=", category=UserWarning)


def _settings() -> Settings:
    try:
        return read_settings(os.environ)
    except SettingsError as error:
        # The host keeps the exception of an app that does not load to itself. A line of the worker's standard error
        # that has the word "error" in it reaches the telemetry, as an error.
        sys.stderr.write(f"SettingsError: {error}\n")
        sys.stderr.flush()
        raise


app = compose(_settings())
