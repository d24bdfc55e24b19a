"""OAuth's word for each of the broker's codes, where a form is answered: RFC 6749 section 5.2, RFC 8693 section 2.2.2.

The other dialects say what RFC 6750 says of a resource; a token endpoint has fewer words, and 400 for most of them.
"""

from collections.abc import Mapping

import azure.functions as func

from shared.errors import BrokerError
from shared.responses import error_response
from token_http.oauth_dialect import EXCHANGE

SERVER_ERROR, UNAVAILABLE, INVALID_REQUEST = "server_error", "temporarily_unavailable", "invalid_request"
# The words for a code: usually, and in a token exchange.
type Words = tuple[str, str]
_CODES: Mapping[Words, str] = {
    ("invalid_client", INVALID_REQUEST): """
        not_authenticated assertion_expired assertion_for_another_audience assertion_from_another_tenant
        assertion_invalid assertion_missing assertion_of_another_kind
    """,
    ("unauthorized_client", INVALID_REQUEST): "not_authorized role_missing",
    ("unauthorized_client", "invalid_target"): """
        not_permitted tenant_name_unknown application_stopped customer_left customer_offboarded
        certificate_needed
    """,
    ("unsupported_grant_type", "unsupported_grant_type"): "grant_type_unsupported",
    ("invalid_scope", "invalid_target"): "target_invalid scope_refused service_missing",
    (INVALID_REQUEST, INVALID_REQUEST): """
        invalid_request body_too_large length_required method_not_allowed secret_leaked consent_changed
        consent_not_found customer_unknown customer_without_grants customer_excluded grants_unseen management_absent
        nothing_to_restore plan_outdated console_refused console_busy console_form_refused console_sign_in_again
        console_sign_in_failed console_sign_in_needed
    """,
    # A stored consent, a customer's tenant, or what leads to a consent: no other refresh token would do.
    ("invalid_grant", "invalid_grant"): """
        consent_unusable account_refused consent_absent consent_name_blocked consent_withdrawn new_consent_needed
        blocked_by_home_policy consent_refused partner_center_refused customer_tenant_refused application_disabled
        application_not_consented blocked_by_tenant_policy delegated_rights_missing delegated_role_missing
        scopes_missing tenant_unknown home_tenant_refused home_consent_missing person_not_assigned
        device_code_refused device_code_declined device_code_expired device_code_invalid device_code_off
        import_refused import_expired import_foreign import_single_page link_refused button_from_elsewhere
        link_expired link_invalid link_revoked link_superseded link_used link_withdrawn sign_in_refused
        account_not_admitted admin_approval_needed another_person conditional_access_blocked id_token_invalid
        mfa_missing mfa_unknown refresh_token_missing sign_in_declined sign_in_failed sign_in_spent sign_in_lost
        sign_in_mismatched wrong_person wrong_tenant partner_center_mfa_missing partner_center_rejected
        partner_center_token_refused graph_refused relationships_unseen app_roles_missing app_role_unknown
        role_assignment_refused roles_unmanaged
    """,
    (SERVER_ERROR, SERVER_ERROR): """
        internal_error answer_mismatched application_grants_invalid application_misconfigured credential_missing
        application_refused consent_unreadable consent_from_newer_version home_tenant_unknown vault_refused
        vault_network_refused vault_request_refused vault_value_too_large results_refused
    """,
    (UNAVAILABLE, UNAVAILABLE): """
        unavailable authority_unavailable consent_in_motion identity_unavailable partner_center_unavailable
        seal_key_unknown too_many_requests vault_unavailable vault_throttled results_unavailable
        graph_unavailable too_many_flushes stop_unknown
    """,
}
WORDS: Mapping[str, Words] = {code: words for words, codes in _CODES.items() for code in codes.split()}
# These say more than 400 does: method, length, size, too many; and whose fault it is.
TELLING = frozenset({405, 411, 413, 429, 500, 503})


def render(error: BrokerError, correlation: str, *, grant_type: str = "") -> func.HttpResponse:
    """The error in this dialect's words, with the headers and fields that every error has."""
    usual, exchanged = WORDS.get(error.code, (SERVER_ERROR, SERVER_ERROR))
    word = exchanged if grant_type == EXCHANGE else usual
    status = 401 if word == "invalid_client" else error.status if error.status in TELLING else 400
    return error_response(error, correlation, word=word, status=status)
