"""Which files of a letter the rules take."""

from __future__ import annotations

from apps.mailboxes.letters import Attachment
from apps.sync.models import SyncRules

MEGABYTE = 1024 * 1024
# Pictures inside a text below this size are logos and lines of a signature, not content.
SMALL_INLINE_BYTES = 20 * 1024
# Graph counts a file with what it needs to keep it.
LISTED_SIZE_MARGIN = 4 * 1024


def largest_bytes(rules: SyncRules) -> int:
    return rules.largest_attachment_mb * MEGABYTE


def why_left_out(attachment: Attachment, rules: SyncRules) -> str:
    """The code of the rule, a key of `causes.SENTENCES`, or "". Told without the bytes, so that they need not be fetched."""
    if attachment.is_cloud:
        return "cloud_file"
    if not rules.store_attachments:
        return "attachments_off"
    if attachment.name.rpartition(".")[2].lower() in rules.unwanted_types:
        return "unwanted_type"
    margin = LISTED_SIZE_MARGIN if attachment.listed_size else 0
    if attachment.size > largest_bytes(rules) + margin:
        return "too_large"
    if attachment.is_inline and attachment.content_type.startswith("image/"):
        if attachment.size < SMALL_INLINE_BYTES:
            return "small_inline"
        if not rules.store_inline_images:
            return "inline_image"
    return "" if attachment.size else "empty"
