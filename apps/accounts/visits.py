"""When a person was here last, so that pages can say what happened since."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.accounts.models import User, Visit

# Whoever was away for longer comes for a new visit.
NEW_VISIT_AFTER = timedelta(minutes=30)
SEEN_EVERY = timedelta(minutes=3)


def note_visit(user: User, *, at: datetime) -> Visit:
    """The visit that this page belongs to. One query, and a write every few minutes."""
    visit = Visit.objects.filter(user=user).first()
    if visit is None:
        visit, _created = Visit.objects.get_or_create(user=user, defaults={"began_at": at, "seen_at": at})
        return visit
    # Of pages at the same moment one begins the visit, and none moves it back.
    unchanged = Visit.objects.filter(pk=visit.pk, seen_at=visit.seen_at)
    if at - visit.seen_at >= NEW_VISIT_AFTER:
        unchanged.update(last_seen_at=visit.seen_at, began_at=at, seen_at=at, told_at=None)
        visit.refresh_from_db()
    elif at - visit.seen_at >= SEEN_EVERY:
        unchanged.update(seen_at=at)
    return visit


def note_told(visit: Visit, *, at: datetime) -> None:
    """The person has read what happened before this visit."""
    if visit.told_at is None:
        Visit.objects.filter(pk=visit.pk, began_at=visit.began_at).update(told_at=at)
