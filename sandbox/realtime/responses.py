"""The response slot: one response at a time may write to the default conversation, out-of-band ones may run beside it.

Creates, performs (through `Performance`), cancels and finishes responses. What is said comes from the model, a pure
function; when to speak by itself (after a turn, after silence) is the session's decision.
"""

import random
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.realtime.config import check_modalities
from sandbox.realtime.conversation import Item, item_from_client
from sandbox.realtime.faults import Parameters
from sandbox.realtime.performance import Performance
from sandbox.realtime.response import Response, Tripwire
from sandbox.realtime.schema import Refused
from sandbox.realtime.stage import Cut, Freeze, Hang, Stage
from sandbox.realtime.turn import Model, Scene
from sandbox.realtime.usage import ASSISTANT_MS_PER_TOKEN, Meter

_THINKING_S = (0.08, 0.2)
_DEFAULT_FAILURE = {"code": "inference_rate_limit_exceeded", "message": "Rate limit reached for realtime inference."}


@dataclass
class _Running:
    response: Response
    performance: Performance
    events: Iterator[float]
    announced: bool = False


@dataclass
class Responses:
    stage: Stage
    model: Model
    on_done: Callable[[Response], None]
    meter: Meter = field(default_factory=Meter)
    requests_left: int = 1000
    _running: dict[str, _Running] = field(default_factory=dict)

    @property
    def active(self) -> Response | None:
        """The response that holds the slot of the default conversation."""
        return next((run.response for run in self._running.values() if not run.response.out_of_band), None)

    def create(self, origin: str, wanted: dict[str, Any] | None = None) -> Response:
        """Takes the slot at once; `wanted` are the client's own settings for this response."""
        wanted = wanted or {}
        out_of_band = wanted.get("conversation") == "none"
        active = self.active
        if active and not out_of_band:
            message = (
                f"Conversation already has an active response in progress: {active.id}. "
                "Wait until the response is finished before creating a new one."
            )
            raise Refused("conversation_already_has_active_response", message)
        response = self._response(origin, wanted, out_of_band)
        performance = Performance(self.stage, response)
        self._running[response.id] = _Running(response, performance, self._play(response, performance))
        queued = self.stage.faults.take("slow_create") if origin == "client" else None
        self.stage.agenda.after(float((queued or {}).get("seconds", 0)), lambda: self._announce(response))
        return response

    def cancel(self, response_id: str | None) -> None:
        """By the client. Without an id only the default conversation's response is meant."""
        chosen = self._running.get(response_id) if response_id else None
        active = chosen.response if chosen else self.active
        if active is None or (response_id and not chosen):
            raise Refused("response_cancel_not_active", "Cancellation failed: no active response found")
        self._finish(active, "cancelled", {"type": "cancelled", "reason": "client_cancelled"})

    def interrupt(self) -> None:
        """By the person: speech was detected while the slot was taken."""
        active = self.active
        if active is None:
            return
        late = self.stage.faults.take("late_deltas")
        count = int(late.get("count", 3)) if late is not None else self.stage.rng.choice((0, 0, 0, 1, 2))
        self._running[active.id].performance.late_deltas(count)
        self._finish(active, "cancelled", {"type": "cancelled", "reason": "turn_detected"})

    def _response(self, origin: str, wanted: dict[str, Any], out_of_band: bool) -> Response:
        config, output = self.stage.config, wanted.get("audio", {}).get("output", {})
        asked: dict[str, Any] = {**config, **wanted}
        check_modalities(asked["output_modalities"], "response.output_modalities")
        tools = [] if asked["tool_choice"] == "none" else asked["tools"]
        return Response(
            id=self.stage.ids.response(),
            origin=origin,
            conversation_id=None if out_of_band else self.stage.conversation.id,
            modalities=asked["output_modalities"],
            audio_format=output.get("format", config["audio"]["output"]["format"]),
            voice=output.get("voice", config["audio"]["output"]["voice"]),
            max_tokens=asked["max_output_tokens"],
            instructions=wanted.get("instructions") or config["instructions"],
            order=wanted.get("instructions") or "",
            tools=frozenset(tool.get("name", "") for tool in tools),
            metadata=wanted.get("metadata"),
            context=self._context(wanted.get("input")),
        )

    def _context(self, given: list[dict[str, Any]] | None) -> list[Item] | None:
        """The client's own input, references resolved; None means the conversation as it will be then."""
        if given is None:
            return None
        context: list[Item] = []
        for wire in given:
            item = self.stage.conversation.find(wire["id"]) if wire["type"] == "item_reference" else None
            if wire["type"] == "item_reference" and item is None:
                raise Refused(
                    "item_not_found", f"Item with id '{wire['id']}' not found in conversation.", "response.input"
                )
            context.append(item or item_from_client(wire, self.stage.ids.item()))
        return context

    def _announce(self, response: Response) -> None:
        run = self._running.get(response.id)
        if run is None:
            return
        response.status = "in_progress"
        run.announced = True
        if self.stage.faults.take("done_unannounced") is None:
            self.stage.send("response.created", response=response.wire())
        self._set_tripwires(response)
        slow = self.stage.faults.take("latency") or {}
        thinking = float(slow.get("seconds", self.stage.rng.uniform(*_THINKING_S)))
        self.stage.agenda.after(thinking, lambda: self._go_on(response))

    def _go_on(self, response: Response) -> None:
        run = self._running.get(response.id)
        if run is None:
            return
        wait = next(run.events, None)
        if wait is not None:
            self.stage.agenda.after(wait, lambda: self._go_on(response))
        elif response.id in self._running:
            self._finish(response, "completed", None)

    def _play(self, response: Response, performance: Performance) -> Generator[float, None, None]:
        faults = self.stage.faults
        failure = faults.take("fail_response")
        if failure is not None:
            error = {"type": "server_error", **_DEFAULT_FAILURE, **_only(failure, "code", "message")}
            self.stage.agenda.after(0, lambda: self._finish(response, "failed", {"type": "failed", "error": error}))
            yield 1.0
        if faults.take("empty_response") is not None:
            return
        if faults.take("server_error") is not None:
            message = "The server had an error while processing your request. Sorry about that!"
            self.stage.refuse(Refused("server_error", message, kind="server_error"), None)
        self._unknown_events()
        items = self.stage.conversation.items if response.context is None else response.context
        scene = Scene(
            instructions=self.stage.config["instructions"],
            tools=response.tools,
            items=tuple(item for item in items if item.status != "in_progress"),
            order=response.order,
            text_only=response.modalities == ["text"],
            quirk=random.Random(f"{response.id}").random(),
        )
        yield from performance.perform(self.model(scene))

    def _unknown_events(self) -> None:
        unknown = self.stage.faults.take("unknown_events")
        for number in range(int((unknown or {}).get("count", 0 if unknown is None else 1))):
            self.stage.send(f"response.output_novelty.{number}", novelty={"number": number}, previously_unseen=True)

    def _set_tripwires(self, response: Response) -> None:
        if isinstance(response.max_tokens, int):
            self._cut_off_after(response, response.max_tokens * ASSISTANT_MS_PER_TOKEN, "max_output_tokens")
        cut = self.stage.faults.take("incomplete")
        if cut is not None:
            self._cut_off_after(response, int(cut.get("after_ms", 600)), cut.get("reason", "max_output_tokens"))
        drop = self.stage.faults.take("drop")
        if drop is not None:
            self._trip(response, int(drop.get("after_ms", 500)), lambda: self.stage.end(_ending(drop)))
        stall = self.stage.faults.take("stall")
        if stall is not None:
            self._trip(response, int(stall.get("after_ms", 500)), lambda: self.stage.end(Freeze()))

    def _cut_off_after(self, response: Response, after_ms: int, reason: str) -> None:
        details = {"type": "incomplete", "reason": reason}
        self._trip(response, after_ms, lambda: self._finish(response, "incomplete", details))

    def _trip(self, response: Response, after_ms: int, action: Callable[[], None]) -> None:
        """Not from inside the performance, which is running then, but right after it has yielded."""
        response.tripwires.append(Tripwire(after_ms, lambda: _do(self.stage.agenda.after(0, action))))

    def _finish(self, response: Response, status: str, details: dict[str, Any] | None) -> None:
        run = self._running.pop(response.id, None)
        if run is None:
            return
        if not run.announced:
            self.stage.send("response.created", response=response.wire())
        run.performance.close_item("completed" if status == "completed" else "incomplete")
        response.status, response.details = status, details
        items = self.stage.conversation.items if response.context is None else response.context
        sent_before = [item for item in items if item not in response.items]
        usage = self.meter.usage(response.instructions, sent_before, response.items)
        reason = (details or {}).get("reason") or (details or {}).get("error", {}).get("code")
        self.stage.journal.responses.append(
            {
                "t": self.stage.journal.at(),
                "id": response.id,
                "origin": response.origin,
                "status": status,
                "reason": reason,
                "metadata": response.metadata,
                "audio_ms": response.audio_ms,
            }
        )
        self.stage.send("response.done", response=response.wire(usage))
        self._rate_limits(usage["total_tokens"])
        self.on_done(response)

    def _rate_limits(self, tokens: int) -> None:
        self.requests_left = max(0, self.requests_left - 1)
        limits = [
            {"name": "requests", "limit": 1000, "remaining": self.requests_left, "reset_seconds": 60.0},
            {"name": "tokens", "limit": 50000, "remaining": max(0, 50000 - tokens), "reset_seconds": 60.0},
        ]
        self.stage.send("rate_limits.updated", rate_limits=limits)


def _ending(drop: Parameters) -> Hang | Cut:
    code = drop.get("code")
    return Hang(int(code), "sandbox fault") if code else Cut()


def _only(parameters: Parameters, *names: str) -> Parameters:
    return {name: parameters[name] for name in names if name in parameters}


def _do(_scheduled: object) -> None:
    """A scheduled action needs no answer."""
