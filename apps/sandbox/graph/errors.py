"""How Graph refuses: status, code and text of each error that this stand-in knows. Source: Microsoft Graph's documentation."""

from collections.abc import Mapping

from apps.sandbox.graph import knobs


class GraphError(Exception):
    """A refusal on its way to the caller; `headers` go with it."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers or {})


# ── 400: what was asked ────────────────────────────────────────────────────────


def bad_request(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message)


def invalid_query(message: str) -> GraphError:
    return GraphError(400, "ErrorInvalidUrlQuery", message)


def invalid_filter() -> GraphError:
    return GraphError(400, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes.")


def inefficient_filter() -> GraphError:
    return GraphError(400, "InefficientFilter", "The restriction or sort order is too complex for this operation.")


def unknown_property(name: str, resource: str) -> GraphError:
    message = f"Could not find a property named '{name}' on type 'microsoft.graph.{resource}'."
    return GraphError(400, "RequestBroker--ParseUri", f"Parsing OData Select and Expand failed: {message}")


def unknown_filter_property(name: str, resource: str) -> GraphError:
    return bad_request(
        f"Invalid filter clause: Could not find a property named '{name}' on type 'microsoft.graph.{resource}'."
    )


def search_with_order() -> GraphError:
    return GraphError(400, "SearchWithOrderBy", "The query parameter '$orderBy' is not supported with '$search'.")


def search_with_filter() -> GraphError:
    return GraphError(400, "SearchWithFilter", "The query parameter '$filter' is not supported with '$search'.")


def search_with(option: str) -> GraphError:
    return invalid_query(f"The query parameter '{option}' is not supported with '$search'.")


def untracked_options(resource: str, names: str) -> GraphError:
    return invalid_query(
        f"The following parameters are not supported with change tracking over the '{resource}' resource: '{names}'."
    )


def untracked_resource() -> GraphError:
    return bad_request("Unsupported request: Change tracking is not supported against 'microsoft.graph.message'.")


def malformed_id() -> GraphError:
    return GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def invalid_extended_property(tag: str) -> GraphError:
    return GraphError(400, "ErrorInvalidExtendedProperty", f"The extended property '{tag}' is invalid.")


def too_many_values(name: str, count: int, most: int) -> GraphError:
    # The text was seen, the code was not.
    return bad_request(
        f"The multi value property {name[0].upper()}{name[1:]} has {count} entries, "
        f"that exceeds the max allowed value of {most}"
    )


def nameless_contact() -> GraphError:
    return bad_request("The contact has no name: givenName, middleName or surname is needed.")


def folder_inside_itself() -> GraphError:
    return GraphError(400, "ErrorMoveCopyFailed", "The folder cannot be moved into itself or one of its descendants.")


def folder_exists() -> GraphError:
    return GraphError(409, "ErrorFolderExists", "A folder with the specified name already exists.")


def distinguished_folder() -> GraphError:
    return GraphError(403, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")


def conflict(status: int = 412) -> GraphError:
    return GraphError(
        status,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key passed in the request does not "
        "match the current change key for the item.",
    )


def invalid_change_key() -> GraphError:
    return GraphError(400, "ErrorInvalidChangeKey", "The change key is invalid.")


# ── 401 and 403: the caller ───────────────────────────────────────────────


def unauthorized(message: str) -> GraphError:
    challenge = 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": challenge})


def access_denied() -> GraphError:
    # Names neither the scope that is missing nor the resource.
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


# ── 404, 405, 410 ─────────────────────────────────────────────────────────


def category_exists() -> GraphError:
    # Documented is only that the name is unique.
    return GraphError(409, "ErrorItemExists", "A category with the specified name already exists.")


def item_not_found() -> GraphError:
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def other_mailbox() -> GraphError:
    return GraphError(404, "ErrorInvalidMailboxItemId", "Item Id doesn't belong to the current mailbox.")


def no_mailbox() -> GraphError:
    return GraphError(
        404,
        "MailboxNotEnabledForRESTAPI",
        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    )


def unsupported_mailbox() -> GraphError:
    return GraphError(
        404,
        "MailboxNotSupportedForRESTAPI",
        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    )


def store_unavailable() -> GraphError:
    return GraphError(404, "ErrorMailboxStoreUnavailable", "The mailbox database is temporarily unavailable.")


def unknown_user(name: str) -> GraphError:
    return GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")


def unknown_segment(name: str) -> GraphError:
    return bad_request(f"Resource not found for the segment '{name}'.")


def method_not_allowed() -> GraphError:
    return GraphError(405, "ErrorMethodNotAllowed", "The OData request is not supported.")


def sync_state_lost(fresh_url: str) -> GraphError:
    """The status and the spelling of the code are a knob: Graph was seen to use several."""
    status, code = knobs.current().lost_cursor
    return GraphError(
        status,
        code,
        "The sync state generation is not found; generation=149;[highest=157][lowest=152].",
        {"Location": fresh_url},
    )


# ── 500, 501 and 503 ──────────────────────────────────────────────────────


def expand_in_delta() -> GraphError:
    return GraphError(500, "ErrorInternalServerError", "Value cannot be null. Parameter name: type")


def not_served(option: str) -> GraphError:
    """The one error that is not Microsoft's: the stand-in cannot do that, and says so rather than do it wrong."""
    return GraphError(501, "NotImplemented", f"The sandbox does not serve {option} here.")


def mailbox_moving() -> GraphError:
    return GraphError(503, "ErrorMailboxMoveInProgress", "Mailbox move in progress. Try again later.")


# ── 429 ───────────────────────────────────────────────────────────────────


def too_many_at_once() -> GraphError:
    return _throttled("ApplicationThrottled", "Application is over its MailboxConcurrency limit.", "1")


def too_many_in_ten_minutes(*, retry_after_seconds: int) -> GraphError:
    return _throttled("TooManyRequests", "Please retry again later.", str(retry_after_seconds))


def _throttled(code: str, message: str, retry_after: str) -> GraphError:
    headers = {"Retry-After": retry_after} if knobs.current().retry_after else {}
    return GraphError(429, code, message, headers)
