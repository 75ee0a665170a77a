"""Requests that wait for their one response, with a clock of the test's."""

import json

import pytest
from strawberry_spoke.errors import HubError, SpokeError, Stopped, Unreachable
from strawberry_spoke.requests import Request, Requests


class Wire:
    def __init__(self):
        self.sent = []
        self.refused = []

    def __call__(self, topic, payload, expiry_s, response_topic, on_refused):
        self.sent.append((topic, json.loads(payload), expiry_s, response_topic))
        self.refused.append(on_refused)
        return True


@pytest.fixture()
def wire():
    return Wire()


@pytest.fixture()
def requests(loop, wire):
    return Requests(loop, 3, "lamp", "sdk", wire)


def ask(requests, **options):
    request = Request("skills", {"op": "list"}, 5.0, **options)
    requests.submit(request)
    return request


def reply(requests, request, **members):
    requests.received(json.dumps({"v": 1, "correlation_id": request.correlation_id, **members}).encode())


def test_a_request_goes_when_there_is_a_connection_and_again_after_a_loss(requests, wire, loop):
    request = ask(requests)
    assert wire.sent == []
    loop.advance(1)
    requests.ready()
    topic, body, expiry_s, response_topic = wire.sent[0]
    assert (topic, expiry_s, response_topic) == ("skills/lamp/request", 4, "skills/lamp/response/sdk")
    assert body == {"op": "list", "v": 1, "correlation_id": request.correlation_id, "timeout_ms": 4000}
    requests.lost("away")
    requests.ready()
    assert [each[1]["correlation_id"] for each in wire.sent] == [request.correlation_id] * 2
    reply(requests, request, success=True, result={"skills": []})
    assert request.future.result(0) == {"skills": []}
    requests.lost("away")
    requests.ready()
    assert len(wire.sent) == 2


def test_a_request_that_the_broker_had_no_room_for_goes_again(requests, wire, loop):
    requests.ready()
    request = ask(requests)
    wire.refused[0]()
    loop.advance(0.6)
    assert len(wire.sent) == 2
    reply(requests, request, success=True, result=1)
    wire.refused[1]()
    loop.advance(0.6)
    assert len(wire.sent) == 2


def test_events_come_before_the_one_response(requests):
    requests.ready()
    events = []
    request = ask(requests, on_event=lambda event, data: events.append((event, data)))
    reply(requests, request, event="delta", data={"a": 1})
    reply(requests, request, event=5, data={})
    reply(requests, request, event="delta", data=[])
    reply(requests, request, success=True, result=2)
    reply(requests, request, success=True, result=3)
    assert events == [("delta", {"a": 1})] and request.future.result(0) == 2


def test_an_error_of_the_hub_has_its_code(requests):
    requests.ready()
    request = ask(requests)
    reply(requests, request, success=False, error={"code": "busy", "message": "later", "retryable": True,
                                                   "details": {"retry_after_ms": 5}})
    with pytest.raises(HubError) as error:
        request.future.result(0)
    assert (error.value.code, error.value.retryable, error.value.details) == ("busy", True, {"retry_after_ms": 5})
    for odd in (None, "text", {}, {"code": 5, "details": []}, []):
        request = ask(requests)
        reply(requests, request, success=False, error=odd)
        with pytest.raises(HubError):
            request.future.result(0)


def test_a_request_ends_at_its_timeout_and_says_whether_there_was_a_connection(requests, loop):
    requests.why_not_ready = "Connection refused"
    request = ask(requests)
    loop.advance(5.4)
    assert not request.future.done(), "the hub's own answer may still come"
    loop.advance(0.2)
    with pytest.raises(Unreachable, match="no answer within 5 s: not connected: Connection refused"):
        request.future.result(0)
    requests.ready()
    request = ask(requests)
    loop.advance(6)
    with pytest.raises(Unreachable, match="the hub did not answer"):
        request.future.result(0)


def test_there_is_a_limit_to_what_is_under_way(requests):
    made = [ask(requests) for _ in range(4)]
    with pytest.raises(SpokeError, match="too many requests at once: 3"):
        made[3].future.result(0)
    requests.forget(made[0])
    assert not ask(requests).future.done()


def test_at_the_end_everything_under_way_and_later_is_told(requests):
    request = ask(requests)
    requests.stop()
    for each in (request, ask(requests)):
        with pytest.raises(Stopped):
            each.future.result(0)


def test_a_request_too_large_for_the_hub_is_refused_here(requests):
    requests.ready()
    request = Request("skills", {"op": "call", "args": ["x" * 300_000]}, 5.0)
    requests.submit(request)
    with pytest.raises(SpokeError, match="the request has more than 262144 bytes"):
        request.future.result(0)


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"5", b'{"correlation_id":5}', b'{"correlation_id":"x"}', b"\xff"])
def test_rubbish_is_passed_over(requests, payload):
    request = ask(requests)
    requests.received(payload)
    assert not request.future.done()
