"""What a broker says in MQTT 5 reasons, with paho-mqtt 1.6 and 2 alike: a broker of a page, which says it."""

import socket
import struct
import threading
import time

import pytest

from strawberry_spoke import Limits, Refused, Spoke, TakenOver, Unreachable
from strawberry_spoke.testing import wait_for
from test_small_parts import a_token, connect_directory

CONNACK, SUBACK, PUBACK = b"\x20\x03\x00\x00\x00", 0x90, 0x40


class Broker:
    def __init__(self):
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.connack = CONNACK
        self.puback_reasons = []
        self.after_suback = b""
        self.published = []
        self.connects = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._server.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            while True:
                head = stream.read(1)
                if not head:
                    return
                length, shift = 0, 0
                while True:
                    byte = stream.read(1)[0]
                    length |= (byte & 127) << shift
                    shift += 7
                    if not byte & 128:
                        break
                try:
                    self._answer(connection, head[0] & 0xF0, stream.read(length))
                except OSError:
                    return

    def _answer(self, connection, kind, body):
        if kind == 0x10:
            self.connects += 1
            connection.sendall(self.connack)
        elif kind == 0x80:
            reasons = b"\x01" * 6
            connection.sendall(bytes([SUBACK, 3 + len(reasons)]) + body[:2] + b"\x00" + reasons + self.after_suback)
        elif kind == 0x30:
            topic = struct.unpack("!H", body[:2])[0]
            self.published.append(body[2:2 + topic].decode())
            number = body[2 + topic:4 + topic]
            reason = self.puback_reasons.pop(0) if self.puback_reasons else 0
            connection.sendall(bytes([PUBACK, 4]) + number + bytes([reason, 0]) if reason else
                               bytes([PUBACK, 2]) + number)


@pytest.fixture()
def broker():
    made = Broker()
    yield made
    made.close()


@pytest.fixture()
def spoke(broker, tmp_path):
    now = int(time.time())
    text = f"-h 127.0.0.1\n-p {broker.port}\n-u lamp\n-P {a_token(iat=now, exp=now + 90000)}\n"
    with_patience = Limits(reconnect_min_s=20)  # what it is told counts at once, and is not found out by trying
    made = Spoke(connect=connect_directory(tmp_path, text), limits=with_patience)
    yield made
    made.stop()


def test_a_broker_that_tells_of_a_takeover_ends_it_at_once(broker, spoke):
    broker.after_suback = b"\xe0\x01\x8e"
    with pytest.raises(TakenOver, match="it runs twice"):
        spoke.start(5)
        spoke.wait(5)


def test_a_longer_form_of_the_same_is_understood(broker, spoke):
    broker.after_suback = b"\xe0\x02\x8e\x00"
    with pytest.raises(TakenOver):
        spoke.start(5)
        spoke.wait(5)


@pytest.mark.parametrize("reason", [0x86, 0x87])
def test_a_refused_token_ends_it_at_once(broker, spoke, reason):
    broker.connack = bytes([0x20, 3, 0, reason, 0])
    with pytest.raises(Refused, match="does not let it in"):
        spoke.start(5)


def test_a_broker_that_is_busy_is_tried_again(broker, tmp_path, spoke):
    spoke.stop()
    broker.connack = b"\x20\x03\x00\x89\x00"
    again = Spoke(connect=tmp_path, limits=Limits(reconnect_min_s=0.05, reconnect_max_s=0.1))
    again.start()
    assert wait_for(lambda: broker.connects >= 3, 10)
    broker.connack = CONNACK
    again.start(10)
    again.stop()


def test_what_the_broker_had_no_room_for_is_published_again(broker, spoke):
    broker.puback_reasons = [0x87, 0x97]
    spoke.start(5)
    with pytest.raises(Unreachable):
        spoke.call("x.Y.z", timeout_s=2)
    assert broker.published == ["skills/lamp/request"] * 3


def test_an_answer_that_the_broker_had_no_room_for_is_published_again(broker, spoke):
    broker.puback_reasons = [0x87]
    spoke.start(5)
    engine = spoke._engine
    engine._loop.post(lambda: engine._publish_result("1", b"{}", engine._loop.now() + 5))
    assert wait_for(lambda: broker.published == ["skills/lamp/result"] * 2)
    assert wait_for(lambda: engine._results == {})


def test_rubbish_from_a_broker_is_a_lost_connection(broker, spoke, log):
    broker.after_suback = b"\xff\xff\xff\xff\xff\x00"
    spoke.start()
    assert wait_for(lambda: "not connected to" in log.text, 10)
    assert spoke._engine.failed() is None
