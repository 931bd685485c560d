"""*Why?*: the rule, the time and the person behind a message's state, in one sentence, with the button that changes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import CrmAccount, CrmServer, User
from apps.core.clock import now
from apps.mailboxes.connection import graph_key
from apps.mailboxes.models import Mailbox, Message, MessageState, Participant
from apps.sync.cases import cases_of
from apps.sync.causes import sentence_for
from apps.sync.claiming import crm_key
from apps.sync.deciding import MOST_ADDRESSES
from apps.sync.history import sentence_of
from apps.sync.models import ChosenLink, CrmEmail, CrmFile, CrmLink, Mark, Outcome, Rule, Transfer
from apps.sync.people import people_beyond_limit
from apps.sync.policy import decide
from apps.sync.rules import rules_of
from apps.work.fences import outage
from apps.work.models import Lane

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Remedy:
    """The button that changes it. `action` is one of sync, retry, mark, unmark, reconnect_mailbox, connect_crm,
    store_without_link, store_as_new."""

    action: str
    label: str


@dataclass(frozen=True, slots=True)
class Why:
    """`rule` is the short name of what decided; `actor` the person, "" where it was nobody; `cause` the stable code."""

    sentence: str
    rule: str
    actor: str = ""
    at: datetime | None = None
    cause: str = ""
    remedy: Remedy | None = None


@dataclass(frozen=True, slots=True)
class _Story:
    """What is stored about the message, read once."""

    message: Message
    user: User
    mark: Mark | None
    record: CrmEmail | None
    transfer: Transfer | None
    account: CrmAccount | None


def why(message: Message, *, user: User) -> Why:
    """Explain the state of one of the user's own messages. A handful of queries, no call outside."""
    told = _Story(
        message=message,
        user=user,
        mark=Mark.objects.filter(
            home_account_id=message.mailbox.home_account_id, email_key=message.email_key, variant=message.variant
        )
        .select_related("set_by")
        .first(),
        record=CrmEmail.objects.filter(
            server=CrmServer.objects.current(), email_key=message.email_key, variant=message.variant
        )
        .select_related("created_by", "undone_by")
        .first(),
        transfer=Transfer.objects.filter(message=message).select_related("requested_by").order_by("-pk").first(),
        account=CrmAccount.objects.select_related("server").filter(user=user).first(),
    )
    return _TELLERS[MessageState(message.state)](told)


def _not_synced(told: _Story) -> Why:
    remedy = Remedy("sync", _("Sync e-mail"))
    if told.mark and told.mark.value == Mark.Value.CLEARED:
        return Why(
            _("Somebody marked it as not synced, so the next automatic or bulk run takes it."),
            rule=_("Mark by hand"),
            actor=_name(told.mark.set_by),
            at=told.mark.set_at,
            remedy=remedy,
        )
    rules = rules_of(told.user)
    if rules.is_automatic:
        (case,) = cases_of([told.message], lane=Lane.AUTOMATIC, rules=rules).values()
        cause = decide(case, rules).rule
        is_paused = rules.paused_until is not None and rules.paused_until > now()
        return Why(
            sentence_for("paused" if is_paused else cause),
            rule=_("Automatic sync"),
            at=told.message.received_at,
            cause=cause,
            remedy=remedy,
        )
    newest = told.message.changes.select_related("actor").order_by("-pk").first()
    if newest and newest.rule in (Rule.TAKEN_BACK, Rule.WITHDRAWN):
        return Why(
            sentence_of(newest),
            rule=_("No decision yet"),
            actor=_name(newest.actor),
            at=newest.at,
            remedy=remedy,
        )
    return Why(_("Nobody has asked for it yet."), rule=_("No decision yet"), at=told.message.received_at, remedy=remedy)


def _synced(told: _Story) -> Why:
    record = told.record
    links = CrmLink.objects.filter(crm_email=record, outcome=Outcome.MADE).count()
    sentence = ngettext(
        "It is in CORIPO, linked with %(count)d record.", "It is in CORIPO, linked with %(count)d records.", links
    ) % {"count": links}
    if record and record.is_adopted:
        sentence = _("It was in CORIPO already when the portal looked, so nothing was stored twice.")
    elif record and record.created_by_id not in (None, told.user.pk):
        sentence = _("%(name)s stored it in CORIPO, so it is there for you as well.") % {"name": record.creator_name}
    return Why(
        " ".join([sentence, *_asked_in_outlook(told), *_people_left_out(told), *_files_left_out(record)]),
        rule=_asked_by(told),
        actor=record.creator_name if record else "",
        at=record.existed_at if record else None,
    )


def _asked_by(told: _Story) -> str:
    return _("Category in Outlook") if _asked_in_outlook(told) else _("Sync e-mail")


def _asked_in_outlook(told: _Story) -> list[str]:
    if told.transfer is None or told.transfer.origin != Transfer.Origin.CATEGORY:
        return []
    return [_("You gave it the category CORIPO in Outlook.")]


def _files_left_out(record: CrmEmail | None) -> list[str]:
    """A sentence for each reason why an attachment is not in CORIPO; pictures of signatures are not worth one."""
    left_out = CrmFile.objects.filter(crm_email=record, outcome=Outcome.LEFT_OUT).exclude(
        cause__in=("small_inline", "inline_image")
    )
    return [
        ngettext("%(count)d attachment was left out:", "%(count)d attachments were left out:", count) % {"count": count}
        + f" {sentence_for(cause)}"
        for cause, count in left_out.values_list("cause").annotate(count=Count("pk")).order_by("cause")
    ]


def _partial(told: _Story) -> Why:
    failed_links = CrmLink.objects.filter(crm_email=told.record, outcome=Outcome.FAILED).order_by("pk")
    names = [link.name or link.record_id for link in failed_links[:MOST_NAMED]]
    failed_files = CrmFile.objects.filter(crm_email=told.record, outcome=Outcome.FAILED).count()
    sentences = [_("It is in CORIPO, but not all of it.")]
    if names:
        link_count = failed_links.count()
        # Names may end with a full stop themselves ("s.r.o."), so they stand inside the sentence.
        sentences.append(
            ngettext(
                "%(count)d link failed (%(names)s): the record may have been deleted there, or your login may not link it.",
                "%(count)d links failed (%(names)s): the records may have been deleted there, or your login may not link them.",
                link_count,
            )
            % {"count": link_count, "names": ", ".join(names)}
        )
    if failed_files:
        sentences.append(
            ngettext("%(count)d attachment failed.", "%(count)d attachments failed.", failed_files)
            % {"count": failed_files}
        )
    if ChosenLink.objects.of(told.message).filter(record_id__in=failed_links.values("record_id")).exists():
        sentences.append(_("What you picked yourself you can take back under “Link with another record”."))
    return Why(
        " ".join(sentences),
        rule=_("Sync e-mail"),
        at=told.record.existed_at if told.record else None,
        remedy=Remedy("retry", _("Try again")),
    )


def _marked(told: _Story) -> Why:
    mark = told.mark
    return Why(
        _("Somebody marked it by hand. It is not in CORIPO, and bulk runs leave it out."),
        rule=_("Mark by hand"),
        actor=_name(mark.set_by) if mark else "",
        at=mark.set_at if mark else None,
        remedy=Remedy("unmark", _("Mark as not synced")),
    )


def _resync(told: _Story) -> Why:
    mark = told.mark
    return Why(
        _("It is in CORIPO, and somebody asked for it once more. The next run adds links that are missing."),
        rule=_("Mark by hand"),
        actor=_name(mark.set_by) if mark else "",
        at=mark.set_at if mark else None,
        remedy=Remedy("sync", _("Sync e-mail")),
    )


def _waiting(told: _Story) -> Why:
    transfer = told.transfer
    actor, since = (_name(transfer.requested_by), transfer.queued_at) if transfer else ("", None)
    if told.message.mailbox.status != Mailbox.Status.ACTIVE:
        return Why(
            _("It waits until the mailbox is connected again. Nothing is lost."),
            rule=_("Mailbox"),
            actor=actor,
            at=since,
            cause="mailbox_disconnected",
            remedy=Remedy("reconnect_mailbox", _("Connect again")),
        )
    if told.account is None or told.account.status != CrmAccount.Status.ACTIVE:
        sentence = (
            _("It waits until you connect your CORIPO account.")
            if told.account is None
            else _("CORIPO refused your user name or password. It waits until you have changed them.")
        )
        return Why(
            sentence,
            rule=_("CORIPO account"),
            actor=actor,
            at=since,
            cause="crm_unauthorized",
            remedy=Remedy("connect_crm", _("Connect CORIPO")),
        )
    standing = outage(crm_key(told.account.server), at=now()) or outage(graph_key(told.message.mailbox), at=now())
    if standing:
        return Why(
            sentence_for(standing.reason),
            rule=_("Trouble outside"),
            actor=actor,
            at=standing.since,
            cause=standing.reason,
        )
    if transfer and transfer.cause and transfer.not_before > now():
        return Why(
            sentence_for(transfer.cause), rule=_("Next try"), actor=actor, at=transfer.not_before, cause=transfer.cause
        )
    return Why(
        " ".join([_("It is in the queue and goes next."), *_asked_in_outlook(told)]),
        rule=_asked_by(told),
        actor=actor,
        at=since,
    )


def _running(told: _Story) -> Why:
    transfer = told.transfer
    return Why(
        " ".join([_("It is on its way to CORIPO right now."), *_asked_in_outlook(told)]),
        rule=_asked_by(told),
        actor=_name(transfer.requested_by) if transfer else "",
        at=transfer.queued_at if transfer else None,
    )


def _failed(told: _Story) -> Why:
    transfer = told.transfer
    return Why(
        sentence_for(transfer.cause if transfer else ""),
        rule=_("Sync e-mail"),
        actor=_name(transfer.requested_by) if transfer else "",
        at=transfer.finished_at if transfer else None,
        cause=transfer.cause if transfer else "",
        remedy=Remedy("retry", _("Try again")),
    )


def _no_match(told: _Story) -> Why:
    transfer = told.transfer
    return Why(
        " ".join(
            [
                _("No contact in CORIPO has an address of this e-mail. It was not stored."),
                *_asked_in_outlook(told),
                *_lead_not_made(told),
                *_headers_left_out(told),
                *_people_left_out(told),
            ]
        ),
        rule=_("No match: leave it waiting"),
        actor=_name(transfer.requested_by) if transfer else "",
        at=transfer.finished_at if transfer else None,
        cause=transfer.cause if transfer else "no_contact",
        remedy=Remedy("store_without_link", _("Store without a link")),
    )


def _lead_not_made(told: _Story) -> list[str]:
    cause = told.transfer.cause if told.transfer else ""
    return [sentence_for(cause)] if cause.startswith("lead_") else []


def _headers_left_out(told: _Story) -> list[str]:
    counted = rules_of(told.user).counted_roles
    left_out = [str(role.label) for role in Participant.Role if role not in counted]
    return [_("Your settings leave out these headers: %(names)s.") % {"names": ", ".join(left_out)}] if left_out else []


def _people_left_out(told: _Story) -> list[str]:
    count = people_beyond_limit(told.message, rules_of(told.user))
    return [beyond_limit_sentence(count)] if count else []


def beyond_limit_sentence(count: int) -> str:
    return _("It names %(count)s people. Only the first %(most)s were looked up in CORIPO.") % {
        "count": number_format(count),
        "most": number_format(MOST_ADDRESSES),
    }


def _skipped(told: _Story) -> Why:
    transfer = told.transfer
    cause = transfer.cause if transfer else ""
    is_by_rule = cause in ("private", "excluded") or cause.startswith("kind_")
    return Why(
        sentence_for(cause),
        rule=_("Rules of automatic runs") if is_by_rule else _("Left out"),
        at=transfer.finished_at if transfer else None,
        cause=cause,
        remedy=Remedy("sync", _("Sync anyway") if is_by_rule else _("Sync e-mail")),
    )


def _gone(told: _Story) -> Why:
    if told.record and told.record.undone_at:
        return Why(
            _(
                "Its transfer was undone, and its record removed from CORIPO. It stays so until somebody asks for it again."
            ),
            rule=_("Undo"),
            actor=_name(told.record.undone_by),
            at=told.record.undone_at,
            remedy=Remedy("sync", _("Sync e-mail")),
        )
    return Why(
        _("Its record was deleted in CORIPO. The portal leaves that as it is until you ask for it again."),
        rule=_("Deleted in CORIPO"),
        at=told.record.existed_at if told.record else None,
        remedy=Remedy("sync", _("Sync again")),
    )


def _hidden(told: _Story) -> Why:
    name = told.record.creator_name if told.record else ""
    sentence = (
        _("It is in CORIPO, stored by %(name)s. Your login there may not see the record.") % {"name": name}
        if name
        else _("It is in CORIPO, but your login there may not see the record.")
    )
    return Why(
        sentence,
        rule=_("Rights in CORIPO"),
        actor=name,
        at=told.record.existed_at if told.record else None,
        remedy=Remedy("store_as_new", _("Store as new")),
    )


def _name(user: User | None) -> str:
    return user.shown_name if user else ""


_TELLERS = {
    MessageState.NOT_SYNCED: _not_synced,
    MessageState.SYNCED: _synced,
    MessageState.PARTIAL: _partial,
    MessageState.MARKED: _marked,
    MessageState.RESYNC: _resync,
    MessageState.QUEUED: _waiting,
    MessageState.RUNNING: _running,
    MessageState.FAILED: _failed,
    MessageState.NO_MATCH: _no_match,
    MessageState.SKIPPED: _skipped,
    MessageState.GONE: _gone,
    MessageState.HIDDEN: _hidden,
}
