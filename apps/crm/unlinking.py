"""Taking links away from e-mails. CORIPO counts a link that never was as taken away, so what is left is read back."""

from collections.abc import Sequence

from apps.crm import queries, shapes
from apps.crm.calling import Caller
from apps.crm.errors import CrmError, CrmOutcomeUnknown, CrmRejected, CrmThrottled, CrmUnauthorized, CrmUnreachable
from apps.crm.face import Link, Unlinked
from apps.crm.modules import link_of
from apps.crm.portions import portions
from apps.crm.reading import live_emails, parents_of_emails

LINKS_PER_WRITE = 100

_NOTHING_WAS_SENT = (CrmUnauthorized, CrmThrottled, CrmUnreachable)
_Outcomes = dict[Link, Unlinked | CrmError]


def unlink(caller: Caller, links: Sequence[Link]) -> list[Unlinked | CrmError]:
    outcomes: _Outcomes = {}
    going: list[Link] = []
    for one in dict.fromkeys(links):
        try:
            link_of(one.module)
        except CrmRejected as error:
            outcomes[one] = error
            continue
        if queries.is_id(one.email_id) and queries.is_id(one.record_id):
            going.append(one)
        else:
            outcomes[one] = CrmRejected(field="id", reason="it is no id of a record")
    for position, portion in enumerate(portions(going, most=LINKS_PER_WRITE)):
        try:
            outcomes |= _unlink_portion(caller, portion)
        except _NOTHING_WAS_SENT as error:
            if position == 0:
                raise
            return [outcomes.get(one, error) for one in links]
    return [outcomes[one] for one in links]


def _unlink_portion(caller: Caller, links: list[Link]) -> _Outcomes:
    trouble: CrmError | None = None
    try:
        _take_parents_away(caller, links)
        caller.write(
            "set_relationships",
            module_names=["Emails"] * len(links),
            module_ids=[one.email_id for one in links],
            link_field_names=[link_of(one.module) for one in links],
            related_ids=[[one.record_id] for one in links],
            name_value_lists=[[] for _one in links],
            delete_array=[1] * len(links),
        )
    except _NOTHING_WAS_SENT:
        raise
    except CrmError as error:
        trouble = error
    return _read_back(caller, links, trouble)


def _take_parents_away(caller: Caller, links: list[Link]) -> None:
    """An e-mail shows its parent as a link, and every later save would make the relation again."""
    parents = parents_of_emails(caller, [one.email_id for one in links])
    for one in links:
        if parents.get(one.email_id) == (one.module, one.record_id):
            values = {"id": one.email_id, "parent_type": "", "parent_id": ""}
            caller.write(
                "set_entry", module_name="Emails", name_value_list=shapes.name_values(values), track_view=False
            )


def _read_back(caller: Caller, links: list[Link], trouble: CrmError | None) -> _Outcomes:
    """What is not there is unlinked, whatever the write answered."""
    try:
        emails = live_emails(
            caller, [one.email_id for one in links], modules=list(dict.fromkeys(one.module for one in links))
        )
    except CrmError as error:
        unseen = CrmOutcomeUnknown(f"the links were to be taken away, and then: {error}")
        return dict.fromkeys(links, unseen)
    outcomes: _Outcomes = {}
    for one in links:
        email = emails.get(one.email_id)
        if email is None:
            outcomes[one] = trouble or CrmRejected(field="email", reason="the e-mail is not to be seen")
        elif one.record_id not in email.links[one.module]:
            outcomes[one] = Unlinked(one, stamp=email.stamp)
        else:
            outcomes[one] = trouble or CrmRejected(field=one.module, reason="CORIPO kept the link")
    return outcomes
