"""What the owner of a webhook is told about it, in a mail."""

from __future__ import annotations

from html import escape

from monitor.core.message import Mail, nonce_of
from monitor.core.text import clean, shorten

_LONGEST_REASON = 500  # characters: it quotes what the endpoint said


def disabled_mail(*, tracker: str, subscription_id: str, subscriber: str, address: str, reason: str) -> Mail:
    """The mail that says that a webhook is no longer sent to, why, and how it is taken up again."""
    paragraphs = (
        f"{tracker} no longer sends to this webhook of {subscriber} (subscription {subscription_id}):",
        address,
        f"Why: {shorten(clean(reason), _LONGEST_REASON)}",
        "Nothing is lost: what could not be delivered, and what comes, is kept for it. When the endpoint works again, "
        f"answer this mail. The operator runs `monitor webhooks enable {subscription_id}`, and all of it is sent, each "
        "under the webhook-id that it has.",
    )
    lines = [" ".join(clean(each).split()) for each in paragraphs]
    text = "\n\n".join(lines) + "\n"
    html = "<!doctype html>\n" + "\n".join(f"<p>{escape(line)}</p>" for line in lines) + "\n"
    return Mail(f"{tracker}: the webhook of {subscriber} is disabled", text, html, nonce_of(text))
