"""The cause behind the state of a message, as a column: lists are filtered and counted by it."""

from __future__ import annotations

from django.db.models import Case, CharField, Expression, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, NullIf

from apps.accounts.models import CrmServer
from apps.mailboxes.models import MessageState
from apps.sync.models import CrmFile, CrmLink, Outcome, Transfer

# Where the row that failed kept no code; `causes.sentence_for` has words for it.
UNKNOWN = "unknown"


def cause_column() -> Case:
    """For `alias` or `annotate` on messages: why the newest transfer failed, or the first part of one that was stored in
    part; "" in all other states. Each row costs a look into an index, so narrow by state first."""
    newest = Transfer.objects.filter(message=OuterRef("pk")).order_by("-pk").values("cause")[:1]
    return Case(
        When(state=MessageState.FAILED, then=Coalesce(_code(newest), Value(UNKNOWN))),
        When(
            state=MessageState.PARTIAL,
            then=Coalesce(_code(_failed_part(CrmFile)), _code(_failed_part(CrmLink)), Value(UNKNOWN)),
        ),
        default=Value(""),
        output_field=CharField(),
    )


def _failed_part(part: type[CrmFile] | type[CrmLink]) -> QuerySet:
    return (
        part._default_manager.filter(
            crm_email__server=CrmServer.objects.current(),
            crm_email__email_key=OuterRef("email_key"),
            crm_email__variant=OuterRef("variant"),
            outcome=Outcome.FAILED,
        )
        .order_by("pk")
        .values("cause")[:1]
    )


def _code(found: QuerySet) -> Expression:
    return NullIf(Subquery(found), Value(""))
