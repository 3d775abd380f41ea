"""Audio takes a short way through the session; it must be the same way, whatever happens around it."""

from hypothesis import given
from hypothesis import strategies as st

from qualify import events as ev
from qualify.session import Session
from tests.qualify.script import PCMU, audio, terms

RESPONSES, ITEMS = ("r1", "r2"), ("i1", "i2", "i3")
responses, items = st.sampled_from(RESPONSES), st.sampled_from(ITEMS)
agent_audio = st.builds(ev.AgentAudio, responses, items, st.sampled_from([audio(ms) for ms in (20, 100, 200, 400)]))
happenings = st.one_of(
    agent_audio,
    agent_audio,
    agent_audio,
    st.builds(ev.CallerAudio, st.just(audio(20)), st.integers(0, 100_000)),
    st.builds(ev.ResponseStarted, responses),
    st.builds(ev.ResponseEnded, responses, st.sampled_from(["completed", "cancelled", "failed"])),
    st.builds(ev.AgentItem, responses, items),
    st.builds(ev.AgentAudioEnded, responses, items),
    st.builds(ev.SpeechStarted, st.sampled_from(["u1", "u2"])),
    st.builds(ev.SpeechStopped, st.sampled_from(["u1", "u2"])),
    st.builds(ev.SpeechCommitted, st.sampled_from(["u1", "u2"])),
    st.builds(ev.MarkEchoed, st.sampled_from(["i1:180:0.1", "i1:200:0.1", "i2:200:0.2", "i1:400:1.2"])),
    st.just(ev.ClockRang()),
    st.just(ev.ModelLost()),
    st.just(ev.ModelOpened()),
    st.just(ev.ModelConfigured(PCMU, PCMU)),
    st.just(ev.StopAsked("ordered")),
    st.just(ev.StreamEnded()),
)


@given(st.lists(st.tuples(happenings, st.floats(0.0, 0.3)), max_size=60))
def test_the_short_way_is_the_long_way(story: list[tuple[ev.Event, float]]):
    """One session is made to look at every piece anew; both command the same, and remember the same."""
    short, long = Session(terms(), 0.0), Session(terms(), 0.0)
    now = 0.0
    assert short.begin(now) == long.begin(now)
    for event, pause in [(ev.ModelOpened(), 0.1), (ev.ModelConfigured(PCMU, PCMU), 0.1), *story]:
        now += pause
        long._flowing = None
        assert short.handle(event, now) == long.handle(event, now)
    long.talk.playback._last = short.talk.playback._last
    assert short.talk.playback == long.talk.playback
    assert short.talk.counts == long.talk.counts
    assert (short.talk.active_at, short.talk.model_at) == (long.talk.active_at, long.talk.model_at)
