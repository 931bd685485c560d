"""Models of the transfer, by subject."""

from apps.sync.models.proof import Finding, Reconciliation, ReconciliationQuerySet
from apps.sync.models.records import CrmEmail, CrmFile, CrmLink, CrmSight, KnownAddress, MadeLead, MatchLook, Outcome
from apps.sync.models.rules import (
    NoMatch,
    NoMatchLater,
    Notice,
    Notify,
    OpensIn,
    OrganisationRules,
    RuleFields,
    SyncRules,
    every_role,
    kinds_left_out_at_first,
    types_unwanted_at_first,
)
from apps.sync.models.transfers import Transfer, TransferQuerySet
from apps.sync.models.words import ChosenLink, ChosenLinkQuerySet, ConversationLink, ConversationLinkQuerySet, Mark

__all__ = [
    "ChosenLink",
    "ChosenLinkQuerySet",
    "ConversationLink",
    "ConversationLinkQuerySet",
    "CrmEmail",
    "CrmFile",
    "CrmLink",
    "CrmSight",
    "Finding",
    "KnownAddress",
    "MadeLead",
    "Mark",
    "MatchLook",
    "NoMatch",
    "NoMatchLater",
    "Notice",
    "Notify",
    "OpensIn",
    "OrganisationRules",
    "Outcome",
    "Reconciliation",
    "ReconciliationQuerySet",
    "RuleFields",
    "SyncRules",
    "Transfer",
    "TransferQuerySet",
    "every_role",
    "kinds_left_out_at_first",
    "types_unwanted_at_first",
]
