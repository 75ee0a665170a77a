"""What was said offline: on disk when add() returns, there until the hub has it, and bounded."""

import json
import threading

import pytest
from strawberry_spoke.errors import ConfigError, HubError, QueueFull, SpokeError, Unreachable
from strawberry_spoke.limits import Limits
from strawberry_spoke.offline import OfflineQueue, Uploader, rfc3339, sync_body
from strawberry_spoke.testing import wait_for


@pytest.fixture()
def path(tmp_path):
    return tmp_path / "offline.jsonl"


def again(queue, path, **limits):
    queue.close()
    return OfflineQueue(path, Limits(**limits))


def test_what_was_said_survives_a_restart(path):
    queue = OfflineQueue(path, Limits())
    queue.add("s1", "user", "hello\n\u2028 ü \udc80", title="Greetings", at=1.5e9)
    queue.add("s1", "assistant", "hi", at=1.5e9 + 1)
    assert path.stat().st_mode & 0o777 == 0o600
    queue = again(queue, path)
    assert queue.pending() == 2
    assert sync_body(queue.batch()) == [{
        "id": "s1", "title": "Greetings", "created_at": "2017-07-14T02:40:00.000Z", "messages": [
            {"id": queue.batch()[0]["id"], "role": "user", "content": "hello\n\u2028 ü \ufffd",
             "created_at": "2017-07-14T02:40:00.000Z"},
            {"id": queue.batch()[1]["id"], "role": "assistant", "content": "hi",
             "created_at": "2017-07-14T02:40:01.000Z"}]}]
    queue.remove(queue.batch()[:1])
    queue = again(queue, path)
    assert [each["content"] for each in queue.batch()] == ["hi"]


def test_a_line_that_was_cut_is_passed_over_and_said(path, caplog):
    queue = OfflineQueue(path, Limits())
    queue.add("s1", "user", "whole")
    with path.open("ab") as file:
        file.write(b'{"session_id":"s1","id":"x","ro')
    queue = again(queue, path)
    assert queue.pending() == 1 and "1 line cannot be read" in caplog.text
    queue.add("s1", "user", "next")
    assert again(queue, path).pending() == 2
    for odd in (b"[]", b"5", b'{"session_id":"a/b"}', b"[" * 5000, b'{"session_id":"s","id":"i","role":"root"}'):
        path.write_bytes(odd + b"\n")
        path.chmod(0o600)
        queue.close()
        queue = OfflineQueue(path, Limits())
        assert queue.pending() == 0


def test_a_last_line_that_lacks_only_its_end_is_a_message(path, caplog):
    queue = OfflineQueue(path, Limits())
    queue.add("s1", "user", "whole")
    path.write_bytes(path.read_bytes()[:-1])
    queue = again(queue, path)
    queue.add("s1", "user", "next")
    queue = again(queue, path)
    assert [each["content"] for each in queue.batch()] == ["whole", "next"] and not caplog.text


def test_a_full_queue_refuses_and_drops_nothing(path):
    queue = OfflineQueue(path, Limits(queue_messages_max=2))
    queue.add("s", "user", "1")
    queue.add("s", "user", "2")
    with pytest.raises(QueueFull, match="2 messages"):
        queue.add("s", "user", "3")
    assert [each["content"] for each in queue.batch()] == ["1", "2"]
    queue = again(queue, path, queue_bytes_max=path.stat().st_size + 200)
    queue.add("s", "user", "x")
    with pytest.raises(QueueFull, match="bytes"):
        queue.add("s", "user", "x" * 200)
    assert len(path.read_text().splitlines()) == 3


def test_a_message_that_the_hub_would_refuse_is_refused_at_once(path):
    queue = OfflineQueue(path, Limits())
    for session_id, role, content in [("a/b", "user", ""), ("", "user", ""), ("s", "root", ""),
                                      ("s", "user", "x" * 131_073)]:
        with pytest.raises(SpokeError):
            queue.add(session_id, role, content)
    assert queue.pending() == 0 and not path.exists()


def test_one_process_has_the_file(path):
    queue = OfflineQueue(path, Limits())
    with pytest.raises(ConfigError, match="in use by another process"):
        OfflineQueue(path, Limits())
    queue.close()
    OfflineQueue(path, Limits())


def test_a_batch_fits_a_request(path):
    queue = OfflineQueue(path, Limits())
    for number in range(150):
        queue.add(f"s{number}", "user", "x")
    assert len(queue.batch()) == 100
    queue.add("s0", "user", "x" * 130_000)
    queue.remove(queue.batch())
    queue.remove(queue.batch()[:49])
    assert len(queue.batch()) == 2
    queue.add("s0", "user", "ü" * 131_072)
    assert len(queue.batch()) == 2
    assert len(json.dumps(sync_body(queue.batch()), ensure_ascii=False).encode()) < 262_144


def test_a_clock_that_was_never_set_is_no_year_the_hub_refuses():
    assert rfc3339(0) == "2000-01-01T00:00:00.000Z"
    assert rfc3339(1.5e9 + 0.25) == "2017-07-14T02:40:00.250Z"


class Hub:
    def __init__(self, *answers):
        self.answers = list(answers)
        self.seen = []

    def __call__(self, sessions):
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        self.seen.append([each["id"] for each in sessions])


def upload(path, hub, sessions=("s",)):
    queue = OfflineQueue(path, Limits())
    for each in sessions:
        queue.add(each, "user", "x")
    uploader = Uploader(queue, hub)
    uploader.RETRY_S = 0.01
    return queue, uploader


def test_what_could_not_be_sent_is_sent_later(path):
    hub = Hub(Unreachable("away"), HubError("busy", "later"), None)
    queue, uploader = upload(path, hub)
    uploader.wake()
    assert wait_for(lambda: queue.pending() == 0) and hub.seen == [["s"]]
    uploader.stop()


def test_a_session_that_the_hub_refuses_is_set_aside_and_the_rest_goes(path, caplog):
    not_found = HubError("not_found", "no such session", details={"session_id": "b"})
    hub = Hub(not_found)
    queue, uploader = upload(path, hub, ("a", "b", "c"))
    uploader.wake()
    assert wait_for(lambda: queue.pending() == 0) and hub.seen == [["a", "c"]]
    aside = path.with_name("offline.jsonl.refused")
    assert json.loads(aside.read_text())["session_id"] == "b" and aside.stat().st_mode & 0o777 == 0o600
    assert "refuses the session b for good" in caplog.text
    uploader.stop()


def test_a_batch_that_is_refused_without_a_name_is_tried_one_by_one(path):
    class Picky:
        seen = []

        def __call__(self, sessions):
            if any(each["id"] == "b" for each in sessions):
                raise HubError("bad_request", "no")
            self.seen += [each["id"] for each in sessions]

    queue, uploader = upload(path, Picky(), ("a", "b", "c"))
    uploader.wake()
    assert wait_for(lambda: queue.pending() == 0) and Picky.seen == ["a", "c"]
    uploader.stop()


def test_a_round_that_is_over_at_once_is_not_missed(path):
    _, uploader = upload(path, Hub(HubError("quota_exceeded", "full")))
    wake = uploader.wake

    def wake_and_be_late():
        wake()
        assert wait_for(lambda: uploader._rounds == 1)

    uploader.wake = wake_and_be_late
    is_empty, error = uploader.wait(1)
    assert not is_empty and error is not None and error.code == "quota_exceeded"
    uploader.stop()


def test_a_quota_stops_the_upload_until_there_is_news(path):
    hub = Hub(HubError("quota_exceeded", "full"))
    queue, uploader = upload(path, hub)
    is_empty, error = uploader.wait(5)
    assert not is_empty and error.code == "quota_exceeded"
    uploader.wake()
    assert wait_for(lambda: queue.pending() == 0)
    uploader.stop()


def test_messages_of_many_threads_are_all_there(path):
    queue = OfflineQueue(path, Limits())
    threads = [threading.Thread(target=lambda: [queue.add("s", "user", "x") for _ in range(10)]) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert again(queue, path).pending() == 50
