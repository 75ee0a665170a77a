"""One MQTT 5 connection over paho-mqtt, 1.6 or 2; the only file that uses paho.

A lost connection is not used again: the next one is a new Link, so it has no state of the old one.
Threading: one thread, which reads, writes and gives misc() a turn each second. Callbacks come from these calls.
Errors: OSError from open(); after that on_closed, once.   Bounds: the broker's; INFLIGHT_MAX of ours unacknowledged
at once, the rest waits in paho.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any, Callable, Optional

import paho.mqtt
import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from .credentials import Endpoint

INFLIGHT_MAX = 500
RECEIVE_MAX = 200  # calls that the broker may have in flight to this Spoke
CONNECT_TIMEOUT_S = 5.0
REASON_TAKEN_OVER = 0x8E
_PAHO = tuple(int(number) for number in paho.mqtt.__version__.split(".")[:2])
_IS_PAHO_1 = _PAHO < (2, 0)


class _PahoBefore22(mqtt.Client):  # type: ignore[misc]
    """paho-mqtt 1.6, 2.0 and 2.1 do not report the reason of a DISCONNECT of one byte. Their code is frozen."""

    seen_disconnect: Optional[int] = None

    def _handle_disconnect(self) -> Any:
        packet = self._in_packet["packet"]
        self.seen_disconnect = packet[0] if packet else 0
        super()._handle_disconnect()
        return mqtt.MQTT_ERR_CONN_LOST  # paho-mqtt 1.6 would wait for the broker to close


class _PahoOne(_PahoBefore22):
    """Does not report the reason of a PUBACK either."""

    seen_puback: Optional[int] = None

    def _handle_pubackcomp(self, cmd: Any) -> Any:
        packet = self._in_packet["packet"]
        self.seen_puback = packet[2] if len(packet) > 2 else 0
        return super()._handle_pubackcomp(cmd)


class Link:
    def __init__(self, endpoint: Endpoint, client_id: str, user: str, token: str, keepalive_s: int):
        self._endpoint = endpoint
        self._keepalive_s = keepalive_s
        self.on_connected: Callable[[int], None] = lambda reason: None
        self.on_subscribed: Callable[[list[int]], None] = lambda reasons: None
        self.on_message: Callable[[str, bytes, bool, Optional[int]], None] = lambda *message: None
        self.on_acknowledged: Callable[[int, int], None] = lambda number, reason: None
        self.on_closed: Callable[[Optional[int], str], None] = lambda reason, words: None
        self._is_closed = False
        if _IS_PAHO_1:
            self._client: Any = _PahoOne(client_id=client_id, protocol=mqtt.MQTTv5)
        else:
            client = _PahoBefore22 if _PAHO < (2, 2) else mqtt.Client
            self._client = client(mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
        self._client.username_pw_set(user, token)
        if endpoint.tls is not None:
            self._client.tls_set_context(endpoint.tls)
        self._client.max_inflight_messages_set(INFLIGHT_MAX)
        self._client.max_queued_messages_set(0)  # limited by the tables of requests and results
        self._client.on_connect = lambda client, data, flags, reason, properties=None: self.on_connected(_value(reason))
        self._client.on_subscribe = lambda client, data, number, reasons, properties=None: self.on_subscribed(
            [_value(each) for each in reasons])
        self._client.on_message = self._received
        self._client.on_publish = self._acknowledged
        self._client.on_disconnect = self._disconnected

    def open(self) -> None:
        """Blocks until TCP and TLS are established and CONNECT is sent: CONNECT_TIMEOUT_S at most for each address."""
        properties = Properties(PacketTypes.CONNECT)
        properties.ReceiveMaximum = RECEIVE_MAX
        if not _IS_PAHO_1:
            self._client.connect_timeout = CONNECT_TIMEOUT_S
        self._client.connect(self._endpoint.host, self._endpoint.port, keepalive=self._keepalive_s,
                             clean_start=True, properties=properties)
        # Without it a small packet waits for the acknowledgement of the one before: 40 ms and more a call.
        self._client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def socket(self) -> Any:
        return self._client.socket()

    def has_more(self) -> bool:
        """Returns whether bytes were read from the socket that are not handled yet."""
        sock = self._client.socket()
        return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0

    def wants_write(self) -> bool:
        return bool(self._client.want_write())

    def read(self) -> None:
        self._client.loop_read()

    def write(self) -> None:
        self._client.loop_write()

    def misc(self) -> None:
        self._client.loop_misc()

    def subscribe(self, topics: list[str]) -> None:
        self._client.subscribe([(topic, mqtt.SubscribeOptions(qos=1)) for topic in topics])

    def publish(self, topic: str, payload: bytes, expiry_s: Optional[int] = None,
                response_topic: Optional[str] = None) -> tuple[int, bool]:
        """Returns the message's number in on_acknowledged, and whether it was accepted."""
        properties = Properties(PacketTypes.PUBLISH)
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s
        if response_topic is not None:
            properties.ResponseTopic = response_topic
        info = self._client.publish(topic, payload, qos=1, properties=properties)
        return info.mid, info.rc == 0

    def close(self) -> None:
        """With DISCONNECT, so that the device is offline at once."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._client.disconnect()
            self._client.loop_write()
        except (OSError, ValueError):
            pass
        self.drop()

    def drop(self) -> None:
        """Closes without DISCONNECT."""
        self._is_closed = True
        sock = self._client.socket()
        if sock is not None:
            try:
                sock.close()
            except OSError:
                pass

    def _received(self, _client: Any, _data: Any, message: Any) -> None:
        properties = getattr(message, "properties", None)
        expiry = getattr(properties, "MessageExpiryInterval", None)
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        self.on_message(topic, message.payload, bool(message.retain), expiry)

    def _acknowledged(self, _client: Any, _data: Any, number: int, reason: Any = None, _properties: Any = None) -> None:
        code = _value(reason) if reason is not None else getattr(self._client, "seen_puback", None)
        self.on_acknowledged(number, code or 0)

    def _disconnected(self, _client: Any, _data: Any, *rest: Any) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        reason = rest[0] if _IS_PAHO_1 else rest[1]  # paho-mqtt 2 passes flags before it
        code = getattr(self._client, "seen_disconnect", None)
        if code is None and hasattr(reason, "value"):
            code = int(reason.value)
        words = mqtt.error_string(reason) if isinstance(reason, int) else str(reason)
        self.on_closed(code, words)


def _value(reason: Any) -> int:
    return int(getattr(reason, "value", reason))
