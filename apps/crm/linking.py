"""Links between e-mails and records. CORIPO counts a link to an unknown record as made, so every link is read back."""

from collections.abc import Iterable, Sequence

from apps.crm import queries
from apps.crm.calling import Caller
from apps.crm.errors import CrmError, CrmOutcomeUnknown, CrmRejected, CrmThrottled, CrmUnauthorized, CrmUnreachable
from apps.crm.face import LINKED_MODULES, Link, Linked
from apps.crm.modules import link_of
from apps.crm.portions import portions
from apps.crm.reading import live_emails

# One `set_relationships` and one reading carry so many e-mails; 50 took 0.06 and 0.07 s.
EMAILS_PER_WRITE = 100
FAILURES_IN_A_ROW = 3

_NOTHING_WAS_SENT = (CrmUnauthorized, CrmThrottled, CrmUnreachable)
_Outcomes = dict[Link, Linked | CrmError]
_Group = tuple[str, str]  # e-mail id, module: one entry of `set_relationships`, with all its records


def link(caller: Caller, links: Sequence[Link]) -> list[Linked | CrmError]:
    outcomes: _Outcomes = {}
    by_email: dict[str, list[Link]] = {}
    for one in dict.fromkeys(links):
        try:
            link_of(one.module)
        except CrmRejected as error:
            outcomes[one] = error
            continue
        if queries.is_id(one.email_id) and queries.is_id(one.record_id):
            by_email.setdefault(one.email_id, []).append(one)
        else:
            outcomes[one] = CrmRejected(field="id", reason="it is no id of a record")
    waiting = list(portions(by_email.values(), most=EMAILS_PER_WRITE))
    for position, portion in enumerate(waiting):
        try:
            outcomes |= _link_portion(caller, [one for of_email in portion for one in of_email])
        except _NOTHING_WAS_SENT as error:
            if position == 0:
                raise
            outcomes |= {one: error for later in waiting[position:] for of_email in later for one in of_email}
            break
    return [outcomes[one] for one in links]


def _link_portion(caller: Caller, links: list[Link]) -> _Outcomes:
    groups = _grouped(links)
    before = _unread_links(caller, links)
    try:
        caller.write(
            "set_relationships",
            module_names=["Emails"] * len(groups),
            module_ids=[email_id for email_id, _module in groups],
            link_field_names=[link_of(module) for _email_id, module in groups],
            related_ids=list(groups.values()),
            name_value_lists=[[] for _group in groups],
            delete_array=[0] * len(groups),
        )
    except _NOTHING_WAS_SENT:
        raise
    except CrmError as error:
        outcomes = _read_back(caller, links, error)
        outcomes |= _link_singly(caller, [one for one, outcome in outcomes.items() if outcome is error])
    else:
        outcomes = _read_back(caller, links, None)
    return outcomes | {one: Linked(one, was_there=True) for one in before}


def _unread_links(caller: Caller, links: list[Link]) -> set[Link]:
    """Those that are there already, of the modules whose links are not read with their e-mails."""
    unread = [one for one in links if one.module not in LINKED_MODULES]
    if not unread:
        return set()
    modules = list(dict.fromkeys(one.module for one in unread))
    emails = live_emails(caller, [one.email_id for one in unread], modules=modules)
    return {one for one in unread if one.email_id in emails and one.record_id in emails[one.email_id].links[one.module]}


def _link_singly(caller: Caller, links: list[Link]) -> _Outcomes:
    """Each e-mail and module by itself, so that a bad one sinks no other."""
    tried: list[Link] = []
    trouble: CrmError | None = None
    failures = 0
    for (email_id, module), record_ids in _grouped(links).items():
        try:
            caller.write(
                "set_relationship",
                module_name="Emails",
                module_id=email_id,
                link_field_name=link_of(module),
                related_ids=record_ids,
                name_value_list=[],
                delete=0,
            )
        except CrmError as error:
            trouble = error
            failures += 1
            if isinstance(error, _NOTHING_WAS_SENT) or failures == FAILURES_IN_A_ROW:
                break
            continue
        failures = 0
        tried += [Link(email_id, module, record_id) for record_id in record_ids]
    outcomes: _Outcomes = {one: trouble for one in links if trouble is not None}
    return outcomes | (_read_back(caller, tried, None) if tried else {})


def _read_back(caller: Caller, links: list[Link], trouble: CrmError | None) -> _Outcomes:
    """What is there is linked, whatever the write answered. What is not there has the trouble, or was left out."""
    modules = list(dict.fromkeys(one.module for one in links))
    try:
        emails = live_emails(caller, [one.email_id for one in links], modules=modules)
    except CrmError as error:
        unseen = CrmOutcomeUnknown(f"the links were sent, and then: {error}")
        return dict.fromkeys(links, unseen)
    outcomes: _Outcomes = {}
    for one in links:
        email = emails.get(one.email_id)
        if email is not None and one.record_id in email.links[one.module]:
            outcomes[one] = Linked(one, stamp=email.stamp)
        elif trouble is not None:
            outcomes[one] = trouble
        elif email is None:
            outcomes[one] = CrmRejected(field="email", reason="the e-mail is not to be seen")
        else:
            outcomes[one] = CrmRejected(field=one.module, reason="CORIPO did not keep the link")
    return outcomes


def _grouped(links: Iterable[Link]) -> dict[_Group, list[str]]:
    groups: dict[_Group, list[str]] = {}
    for one in links:
        groups.setdefault((one.email_id, one.module), []).append(one.record_id)
    return groups
