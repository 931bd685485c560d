"""Models of the transfer, by subject."""

from apps.sync.models.history import Rule, StateChange, StateChangeQuerySet
from apps.sync.models.proof import Finding, Reconciliation, ReconciliationQuerySet
from apps.sync.models.records import (
    STAMP_FIELDS,
    CrmEmail,
    CrmFile,
    CrmLink,
    CrmSight,
    KnownAddress,
    MadeLead,
    MatchLook,
    Outcome,
)
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
from apps.sync.models.tagging import Tagging, TaggingQuerySet
from apps.sync.models.transfers import Transfer, TransferQuerySet
from apps.sync.models.undo import Undoing, UndoingQuerySet
from apps.sync.models.words import ChosenLink, ChosenLinkQuerySet, ConversationLink, ConversationLinkQuerySet, Mark

__all__ = [
    "STAMP_FIELDS",
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
    "Rule",
    "RuleFields",
    "StateChange",
    "StateChangeQuerySet",
    "SyncRules",
    "Tagging",
    "TaggingQuerySet",
    "Transfer",
    "TransferQuerySet",
    "Undoing",
    "UndoingQuerySet",
    "every_role",
    "kinds_left_out_at_first",
    "types_unwanted_at_first",
]
