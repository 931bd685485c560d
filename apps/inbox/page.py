"""What the page with the list, and its parts that change, need to be drawn."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import User
from apps.contacts.functions import CONTACT_FUNCTIONS
from apps.inbox.functions import FUNCTIONS
from apps.inbox.listing import Listing
from apps.inbox.moving import Step
from apps.inbox.panel import panel_head
from apps.mailboxes.models import Message, MessageState
from apps.sync.causes import sentence_for
from apps.sync.rematching import count_offered
from apps.sync.rules import rules_of


def list_context(shown: Listing, *, user: User) -> dict[str, Any]:
    rules = rules_of(user)
    return {
        "listing": shown,
        "matched": count_offered(user, rules),
        "search_text": shown.wanted.text,
        "cause_words": sentence_for(shown.wanted.cause) if shown.wanted.cause else "",
        "states": MessageState.choices,
        "directions": Message.Direction.choices,
        "functions": FUNCTIONS,
        "contact_functions": CONTACT_FUNCTIONS,
        "opens_in": rules.opens_in,
    }


def step_context(step: Step, *, user: User) -> dict[str, Any]:
    return {
        "step": step,
        "head": panel_head(step.panel, user=user) if step.panel else None,
        "opens_in": rules_of(user).opens_in if step.panel else "",
    }
