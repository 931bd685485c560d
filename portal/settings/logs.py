"""Structured logs: one line an event, with ids, never with content or secrets."""

from typing import Any

import structlog


def _without_request(logger: Any, method: str, event: Any) -> Any:
    """Django adds the request to what it logs, and its text holds the query string: the codes of a sign-in."""
    event.pop("request", None)
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    _without_request,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_for(*, level: str, as_json: bool) -> dict[str, Any]:
    """Django's LOGGING: key=value lines for people, JSON for machines (`LOG_JSON`)."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.processors.LogfmtRenderer(
            key_order=["timestamp", "level", "event", "logger"], bool_as_flag=False
        )
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    renderer,
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            # These write addresses with their query strings, which can hold codes and ids of people.
            "urllib3": {"level": "WARNING"},
            "msal": {"level": "WARNING"},
            "allauth": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "ERROR"},
            # Scanners ask under any name; the answer is 400 and no news.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
        },
    }
