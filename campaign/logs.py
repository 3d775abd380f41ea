"""Structured logs: one JSON object a line (or coloured lines on a terminal), personal data masked by `redaction`."""

import logging
import sys

import structlog

from campaign.redaction import redact, scrub

TOO_TALKATIVE = [
    "httpx",
    "httpcore",
    "twilio",
    "googleapiclient",
    "urllib3",
    "uvicorn.access",
    "websockets",
    "picows",
    "celery.worker.strategy",
    "celery.app.trace",
]


class _ScrubbedRecords(logging.Filter):
    """Library log records go through the same scrubbing as ours; beat's line for every tick is left out."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "celery.beat" and str(record.msg).startswith("Scheduler: Sending due task"):
            return False
        record.msg, record.args = scrub(record.getMessage()), None
        if record.exc_info and record.exc_info[0]:  # databases quote the row that they refuse
            record.exc_text = scrub(record.exc_text or logging.Formatter().formatException(record.exc_info))
        return True


def configure(process: str, *, level: str = "INFO") -> None:
    """Set up logging for one process type; call once, at a root."""
    stream = logging.StreamHandler(sys.stderr)
    stream.addFilter(_ScrubbedRecords())
    logging.basicConfig(
        level=level, format=f"%(asctime)s {process} %(levelname)s %(name)s %(message)s", handlers=[stream], force=True
    )
    for noisy in TOO_TALKATIVE:
        logging.getLogger(noisy).setLevel(logging.WARNING)
    shown = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            redact,
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=process)
