"""TwiML read into values: which verbs, in which order, with which attributes. Reads only; performing is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urljoin
from xml.etree import ElementTree

LARGEST = 64 * 1024
URL_ATTRIBUTES = {"action", "url", "statusCallback", "recordingStatusCallback"}


class BadTwiml(ValueError):
    def __init__(self, code: int, words: str) -> None:
        self.code = code
        super().__init__(words)


@dataclass(frozen=True)
class Say:
    text: str


@dataclass(frozen=True)
class Play:
    url: str
    digits: str


@dataclass(frozen=True)
class Pause:
    seconds: float


@dataclass(frozen=True)
class Gather:
    prompts: tuple[Say | Play | Pause, ...]
    action: str
    method: str
    speech: bool
    digits: bool
    timeout: float
    speech_timeout: float
    finish_key: str
    length: int | None
    even_if_empty: bool


@dataclass(frozen=True)
class Stream:
    url: str
    name: str
    callback: str
    callback_method: str
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Connect:
    stream: Stream
    action: str
    method: str


@dataclass(frozen=True)
class Dial:
    number: str
    whisper: str
    whisper_method: str
    callback: str
    callback_events: tuple[str, ...]
    caller: str
    timeout: int
    limit: int | None
    action: str
    method: str


@dataclass(frozen=True)
class Redirect:
    url: str
    method: str


@dataclass(frozen=True)
class Hangup:
    pass


@dataclass(frozen=True)
class Reject:
    reason: str


@dataclass(frozen=True)
class Unknown:
    """Not a verb performed here; the debugger warns 12200 and the document goes on."""

    name: str


Verb = Say | Play | Pause | Gather | Connect | Dial | Redirect | Hangup | Reject | Unknown


def read(document: str, base: str = "") -> list[Verb]:
    """The verbs of a document; its relative URLs are taken from `base`, the address it came from."""
    if len(document.encode()) > LARGEST:
        raise BadTwiml(11750, "TwiML response body too large")
    try:
        root = ElementTree.fromstring(document.strip())  # noqa: S314 - a local test server reading its own user's TwiML
    except ElementTree.ParseError as error:
        raise BadTwiml(12100, f"Document parse failure: {error}") from error
    if root.tag != "Response":
        raise BadTwiml(12100, "the root element is not Response")
    for element in root.iter():
        for name in URL_ATTRIBUTES & set(element.attrib):
            element.set(name, urljoin(base, element.get(name, "")))
        if element.tag in ("Redirect", "Play") and element.text:
            element.text = urljoin(base, element.text.strip())
    try:
        return [_verb(element) for element in root]
    except ValueError as error:
        raise BadTwiml(12200, f"Schema validation: {error}") from error


def _verb(element: ElementTree.Element) -> Verb:
    method, text = element.get("method", "POST"), (element.text or "").strip()
    match element.tag:
        case "Say":
            return Say(" ".join("".join(element.itertext()).split()))
        case "Play":
            return Play(text, element.get("digits", ""))
        case "Pause":
            return Pause(float(element.get("length", "1")))
        case "Gather":
            return _gather(element)
        case "Connect":
            return _connect(element)
        case "Dial":
            return _dial(element, text)
        case "Redirect":
            return Redirect(text, method)
        case "Hangup":
            return Hangup()
        case "Reject":
            return Reject(element.get("reason", "rejected"))
        case name:
            return Unknown(name)


def _gather(element: ElementTree.Element) -> Gather:
    wanted = element.get("input", "dtmf").split()
    length = element.get("numDigits")
    timeout = float(element.get("timeout", "5"))
    quiet = element.get("speechTimeout", "auto")
    prompts = tuple(verb for child in element if isinstance(verb := _verb(child), Say | Play | Pause))
    return Gather(
        prompts=prompts,
        action=element.get("action", ""),
        method=element.get("method", "POST"),
        speech="speech" in wanted,
        digits="dtmf" in wanted,
        timeout=timeout,
        speech_timeout=1.0 if quiet == "auto" else float(quiet),
        finish_key=element.get("finishOnKey", "#"),
        length=int(length) if length else None,
        even_if_empty=element.get("actionOnEmptyResult", "false") == "true",
    )


def _connect(element: ElementTree.Element) -> Verb:
    child = element.find("Stream")
    if child is None:
        return Unknown("Connect without Stream")
    stream = Stream(
        url=child.get("url", ""),
        name=child.get("name", ""),
        callback=child.get("statusCallback", ""),
        callback_method=child.get("statusCallbackMethod", "POST"),
        parameters={item.get("name", ""): item.get("value", "") for item in child.findall("Parameter")},
    )
    return Connect(stream, element.get("action", ""), element.get("method", "POST"))


def _dial(element: ElementTree.Element, text: str) -> Verb:
    noun = element.find("Number")
    if noun is None and not text:
        return Unknown("Dial without Number")
    attributes = {} if noun is None else noun.attrib
    limit = element.get("timeLimit")
    return Dial(
        number=((noun.text or "") if noun is not None else text).strip(),
        whisper=attributes.get("url", ""),
        whisper_method=attributes.get("method", "POST"),
        callback=attributes.get("statusCallback", ""),
        callback_events=tuple(attributes.get("statusCallbackEvent", "completed").split()),
        caller=element.get("callerId", ""),
        timeout=int(element.get("timeout", "30")),
        limit=int(limit) if limit else None,
        action=element.get("action", ""),
        method=element.get("method", "POST"),
    )
