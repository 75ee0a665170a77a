"""A Spoke's life with a real hub: lost connections, tokens, being started twice, what was said offline."""

import gc
import logging
import os
import signal
import socket
import threading
import time

import pytest
from strawberry_spoke import HubError, Limits, Refused, Spoke, SpokeError, Stopped, TakenOver, Unreachable, new_id
from strawberry_spoke.errors import ConfigError
from strawberry_spoke.testing import TestHub, wait_for
from strawberry_spoke.token import times_of

QUICK = Limits(reconnect_min_s=0.05, reconnect_max_s=0.2, refused_s=1.0)


class LampSkill:
    def on(self, level: int = 100) -> int:
        return level


def lines(log, level=logging.WARNING):
    return [record.getMessage() for record in log.records if record.levelno >= level]


def answers(hub, path="lamp.LampSkill.on", seconds=20):
    def once():
        try:
            return hub.tester.call(path, 5, timeout_s=2) == 5
        except (HubError, Unreachable):
            return False

    return wait_for(once, seconds)


def test_it_comes_back_with_the_broker_and_with_the_bridge(own_hub, spokes, log):
    spokes(own_hub, "Lamp", LampSkill, limits=QUICK)
    assert own_hub.call("lamp.LampSkill.on", 3) == 3
    for part in ("broker", "bridge", "broker"):
        before = own_hub.pid(part)
        offered = lines(log, logging.INFO).count("offers 1 skill")
        os.kill(before, signal.SIGKILL)
        assert wait_for(lambda: _pid(own_hub, part) not in (before, None), 20)
        assert answers(own_hub), part
        assert wait_for(lambda: lines(log, logging.INFO).count("offers 1 skill") > offered), f"{part}: registered again"
    assert sum(line.startswith("not connected to") for line in lines(log)) <= 8, "each reason once"


def _pid(hub, part):
    try:
        return hub.pid(part)
    except (FileNotFoundError, ValueError):
        return None


def test_a_hub_that_is_away_longer_loses_nothing_that_can_be_kept(own_hub, spokes, log):
    lamp = spokes(own_hub, "Lamp", LampSkill, limits=QUICK)
    own_hub.stop()
    assert wait_for(lambda: any("not connected" in line for line in lines(log)))
    with pytest.raises(Unreachable, match="not connected"):
        lamp.call("lamp.LampSkill.on", timeout_s=0.3)
    results = []
    waiting = threading.Thread(target=lambda: results.append(lamp.call("lamp.LampSkill.on", 6, timeout_s=30)))
    waiting.start()
    session = new_id()
    lamp.keep("user", "are you there?", session, title="Offline")
    lamp.keep("assistant", "I am", session)
    assert lamp.kept() == 2
    time.sleep(1)
    before = len(lines(log))
    time.sleep(0.5)
    assert len(lines(log)) == before, "it does not repeat itself"
    own_hub.start()
    waiting.join(30)
    assert results == [6], "the question was asked when the hub was back"
    lamp.sync(20)
    assert [each["content"] for each in lamp.sessions.messages(session)] == ["are you there?", "I am"]
    assert lamp.sessions.get(session)["title"] == "Offline"


def test_what_was_said_offline_survives_a_restart_and_is_there_once(own_hub, spokes):
    first = spokes(own_hub, "Lamp", start=False)
    session = new_id()
    for number in range(5):
        first.keep("user", f"line {number}", session)
    queue = (own_hub.device("Lamp") / "offline.jsonl").read_bytes()
    first.stop()
    second = spokes(own_hub, "Lamp")
    assert wait_for(lambda: second.kept() == 0)
    second.stop()
    (own_hub.device("Lamp") / "offline.jsonl").write_bytes(queue)  # as if the power had failed before it was emptied
    third = spokes(own_hub, "Lamp")
    third.sync(20)
    assert [each["content"] for each in third.sessions.messages(session)] == [f"line {n}" for n in range(5)]
    third.keep("user", "online", session)
    third.sync(20)
    assert third.sessions.get(session)["message_count"] == 6


def test_a_session_of_somebody_else_is_set_aside(own_hub, spokes, log):
    theirs = Spoke(connect=own_hub.device("Other", user="bob"))
    session = theirs.sessions.create("mine")["session_id"]
    theirs.stop()
    lamp = spokes(own_hub, "Lamp")
    mine = new_id()
    lamp.keep("user", "x", mine)
    lamp.keep("user", "y", session)
    assert wait_for(lambda: lamp.kept() == 0)
    assert [each["content"] for each in lamp.sessions.messages(mine)] == ["x"]
    assert session in (own_hub.device("Lamp") / "offline.jsonl.refused").read_text()
    assert any(f"refuses the session {session} for good" in line for line in lines(log))


def test_it_stops_within_a_second_and_is_offline_at_once(hub, spokes):
    lamp = spokes(hub, "Stopping", LampSkill)
    assert online(hub, "Stopping")
    began = time.monotonic()
    lamp.stop()
    assert time.monotonic() - began < 1
    assert wait_for(lambda: not online(hub, "Stopping"), 5)
    with pytest.raises(Stopped):
        lamp.call("x.Y.z")
    lamp.stop()


def online(hub, name):
    return [each["online"] for each in hub.tester.devices() if each["name"] == name] == [True]


def test_it_stops_within_a_second_though_nobody_answers(hub):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        port = silent.getsockname()[1]
        for options in ({"connect": hub.device("Silent")}, {"token_file": hub.user_token(), "tls": True}):  # TLS blocks
            spoke = Spoke(host="127.0.0.1", port=port, **options)
            spoke.start()
            time.sleep(0.2)
            began = time.monotonic()
            spoke.stop()
            assert time.monotonic() - began < 1


def test_it_stops_while_another_thread_is_starting_it(hub, monkeypatch):
    is_starting = threading.Event()
    real_start = threading.Thread.start

    def slow_start(thread):
        if thread.name == "strawberry-spoke":
            is_starting.set()
            time.sleep(0.2)
        real_start(thread)

    monkeypatch.setattr(threading.Thread, "start", slow_start)
    spoke = Spoke(connect=hub.device("Silent"))
    starter = threading.Thread(target=spoke.start, name="starter")
    starter.start()
    assert is_starting.wait(5)
    spoke.stop()
    starter.join(5)
    assert not starter.is_alive()


def test_a_device_that_runs_twice_says_so_and_the_later_one_stays(own_hub, spokes):
    first = spokes(own_hub, "Lamp", LampSkill, limits=QUICK)
    with Spoke(connect=own_hub.device("Lamp"), skills=[LampSkill], limits=QUICK) as second:
        second.start(20)
        with pytest.raises(TakenOver, match="it runs twice"):
            first.wait(20)
        assert answers(own_hub)


def test_a_revoked_device_gives_up_after_a_while_and_says_what_to_do(own_hub, spokes, log):
    lamp = spokes(own_hub, "Lamp", LampSkill, limits=QUICK)
    own_hub.ctl("device", "revoke", lamp.id)
    with pytest.raises(Refused, match=f"strawberryctl token issue --device {lamp.id} --mosquitto DIR"):
        lamp.wait(30)
    token = lamp._credentials.token()
    assert not any(token in line for line in lines(log, logging.DEBUG))


def test_a_token_that_is_none_or_of_another_hub_ends_it_at_once(own_hub, hub, spokes):
    directory = own_hub.device("Lamp")
    spoke = Spoke(connect=directory, host=hub.host, port=hub.port)
    with spoke, pytest.raises(Refused, match="another hub's"):
        spoke.start(20)


def test_an_expired_token_is_named(own_hub):
    lamp = Spoke(connect=own_hub.device("Lamp"))
    own_hub.ctl("token", "issue", "--device", lamp.id, "--ttl", "1s", "--mosquitto", own_hub.device("Lamp"))
    spoke = Spoke(connect=own_hub.device("Lamp"))
    time.sleep(2.1)
    with spoke, pytest.raises(Refused, match="has expired, on 20"):
        spoke.start(20)


def test_a_token_file_that_others_can_read_is_refused(own_hub):
    directory = own_hub.device("Lamp")
    spoke = Spoke(connect=directory)
    (directory / "mosquitto_pub").chmod(0o644)
    with pytest.raises(ConfigError, match="is open to other users: mode 0644"):
        spoke.start()
    with pytest.raises(ConfigError, match="is open to other users: mode 0644"):
        Spoke(connect=directory)


def test_a_token_is_renewed_when_a_third_of_its_life_is_left(own_hub, spokes, log):
    directory = own_hub.device("Lamp")
    own_hub.ctl("token", "issue", "--device", Spoke(connect=directory).id, "--ttl", "6s", "--mosquitto", directory)
    lamp = spokes(own_hub, "Lamp", LampSkill, limits=QUICK)
    old = lamp._credentials.token()
    times = times_of(old)
    assert wait_for(lambda: lamp._credentials.token() != old, 10)
    assert times.expires_at - 2.5 <= time.time() <= times.expires_at, "with about a third left"
    for name in ("mosquitto_pub", "mosquitto_rr", "mosquitto_sub"):
        assert (directory / name).stat().st_mode & 0o777 == 0o600
        assert lamp._credentials.token() in (directory / name).read_text()
    assert wait_for(lambda: any("has a new token, valid until" in line for line in lines(log, logging.INFO)))
    time.sleep(max(0.0, times.expires_at + 2.2 - time.time()))
    assert answers(own_hub), "the old one has ended the connection, and it came back with the new one"


def test_a_user_may_ask_and_has_no_skills(hub):
    spoke = Spoke(token_file=hub.user_token(), host=hub.host, port=hub.port)
    with spoke:
        assert spoke.id == "tester" and isinstance(spoke.devices(), list)
        with pytest.raises(ConfigError, match="tester is no device"):
            spoke.add(LampSkill)


def test_tls_checks_the_certificate(programs):
    with TestHub(programs, tls=True) as hub:
        with Spoke(connect=hub.device("Lamp"), skills=[LampSkill]) as lamp:
            lamp.start(20)
            assert hub.call("lamp.LampSkill.on", 4) == 4
        with Spoke(token_file=hub.user_token(), host=hub.host, port=hub.port, limits=QUICK) as plain:
            with pytest.raises(Unreachable, match="does it speak TLS on this port; is it a hub's"):
                plain.call("lamp.LampSkill.on", timeout_s=2)
        with Spoke(token_file=hub.user_token(), host=hub.host, port=hub.port, tls=True, limits=QUICK) as stranger:
            with pytest.raises(Unreachable, match="not connected: .*certificate verify failed"):
                stranger.call("lamp.LampSkill.on", timeout_s=1)


def test_a_registration_that_the_hub_refuses_ends_it_with_the_reason(hub, spokes):
    lamp = spokes(hub, "Refused", LampSkill, start=False)
    lamp._table.registration = lambda: [{"class_name": "LampSkill", "function_name": "on", "signature": "on(a: int"}]
    began = time.monotonic()
    with pytest.raises(HubError) as error:
        lamp.start(20)
    assert error.value.code == "bad_request" and time.monotonic() - began < 10


def test_a_registration_too_large_for_the_hub_ends_it_with_the_reason(hub, spokes):
    def on():
        pass

    on.__doc__ = "x" * 16000
    lamp = spokes(hub, "Large", start=False)
    for number in range(20):
        lamp.add(on, class_name=f"Lamp{number}Skill")
    with pytest.raises(SpokeError, match="the request has more than 262144 bytes"):
        lamp.start(20)


def test_small_packets_do_not_wait_for_each_other(hub, spokes):
    lamp = spokes(hub, "Quick", LampSkill)
    assert lamp._engine._link.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_nothing_of_a_spoke_is_left_when_it_has_stopped(hub):
    async def later():
        pass

    def count():
        return len(os.listdir("/proc/self/fd")), sum(each.name.startswith("strawberry") for each in threading.enumerate())

    for _ in range(2):
        hub.tester.devices()
        before = count()
        for _ in range(3):
            with Spoke(connect=hub.device("Leaves"), skills=[LampSkill, later]) as lamp:
                lamp.start(20)
                assert lamp.call("leaves.LampSkill.on", 2) == 2
                assert lamp.call("leaves.PythonSkill.later") is None
            del lamp
            gc.collect()
    assert wait_for(lambda: count() <= before), f"{before} descriptors and threads became {count()}"


def test_a_token_that_expires_while_the_hub_is_away_is_one_line_and_a_new_one_is_used_at_once(own_hub, spokes, log, tmp_path):
    lamp = spokes(own_hub, "Lamp", LampSkill, limits=Limits(reconnect_min_s=0.05, reconnect_max_s=0.2))
    directory = own_hub.device("Lamp")
    own_hub.ctl("token", "issue", "--device", lamp.id, "--ttl", "1s", "--mosquitto", tmp_path / "short")
    own_hub.stop()
    assert wait_for(lambda: any("not connected" in line for line in lines(log)))
    for short in (tmp_path / "short").iterdir():
        os.replace(short, directory / short.name)
    time.sleep(2.1)
    own_hub.start()
    assert wait_for(lambda: any("has expired, on 20" in line for line in lines(log)), 20), lines(log)
    time.sleep(3)  # longer than the first pause
    assert sum("not connected" in line for line in lines(log)) == 1, lines(log)
    expired = [line for line in lines(log) if "has expired" in line]
    assert len(expired) == 1, lines(log)
    assert f"strawberryctl token issue --device {lamp.id} --mosquitto DIR, for {directory}" in expired[0]
    assert not lamp.wait(0.1), "it goes on"
    own_hub.ctl("token", "issue", "--device", lamp.id, "--mosquitto", directory)
    assert answers(own_hub)


def test_it_says_why_there_is_no_connection(hub, spokes, log):
    def said(**options):
        log.clear()
        with Spoke(token_file=hub.user_token(), host=options.pop("host", hub.host), port=options.pop("port", hub.port),
                   limits=QUICK, **options) as nobody:
            with pytest.raises(Unreachable, match="not connected within 0.5 s: .* .it goes on trying."):
                nobody.start(0.5)
            assert wait_for(lambda: lines(log), 20)
            return lines(log)[0]

    assert "Connection refused (is the hub running; are host and port right)" in said(port=1)
    assert "unknown host (check the name)" in said(host="no.such.host.invalid")
    assert "(does it speak TLS on this port)" in said(tls=True)
