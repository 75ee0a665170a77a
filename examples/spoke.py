#!/usr/bin/python3
"""A Spoke in Python: a device that offers two skills to a Strawberry hub. Copy it and write skills of your own.

    sudo apt install python3-paho-mqtt
    strawberryctl device add 'Garden Lamp' --user demo --mosquitto var/lamp
    examples/spoke.py var/lamp

    strawberryctl call garden_lamp.LampSkill.turn_on 40        (in another terminal)
"""

import collections
import inspect
import json
import pathlib
import signal
import socket
import sys
import threading
import time

import paho.mqtt.client as mqtt

HEARTBEAT_S = 10 * 60  # skills that are not heard of for 30 minutes expire
REMEMBER_S = 10 * 60
REMEMBERED_MAX = 256
TAKEN_OVER = 0x8E  # MQTT 5: another connection came with this client id
QUICK_LOSS_S = 5  # not every broker or library tells: so many connections in a row that were lost that soon
QUICK_LOSSES_MAX = 5  # mean the same


def turn_on(brightness: int = 100) -> str:
    """Turn the garden lamp on."""
    if not isinstance(brightness, int):
        raise ValueError("brightness must be a whole number")
    print(f"the lamp shines at {brightness} %", flush=True)
    return f"The lamp is on at {brightness} %"


def turn_off() -> str:
    """Turn the garden lamp off."""
    print("the lamp is dark", flush=True)
    return "The lamp is off"


CLASS_NAME = "LampSkill"
SKILLS = {f"{CLASS_NAME}.{skill.__name__}": skill for skill in (turn_on, turn_off)}  # nothing else can be called


class Spoke:
    def __init__(self, directory):
        # Host, port, id and token, as `device add --mosquitto` wrote them: lines like `-h 127.0.0.1`.
        lines = pathlib.Path(directory, "mosquitto_pub").read_text().splitlines()
        options = dict(line.partition(" ")[::2] for line in lines)
        self.host, self.port, self.id = options["-h"], int(options["-p"]), options["-u"]
        self.answers = collections.OrderedDict()  # correlation id: (when, answer)
        self.stop = threading.Event()
        self.why = None  # it stops, when it was not told to
        self.connected_at = None
        self.quick_losses = 0
        version = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []  # paho-mqtt 2
        self.mqtt = mqtt.Client(*version, client_id=self.id, protocol=mqtt.MQTTv5)
        self.mqtt.username_pw_set(self.id, options["-P"])
        if "--cafile" in options or "--tls-use-os-certs" in options:
            self.mqtt.tls_set(options.get("--cafile"))
        self.mqtt.reconnect_delay_set(1, 30)
        self.mqtt.on_socket_open = self.socket_opened
        self.mqtt.on_connect = self.connected
        self.mqtt.on_disconnect = self.disconnected
        self.mqtt.on_message = self.received

    def socket_opened(self, _client, _userdata, opened):
        # Without, a small packet waits for the acknowledgement of the one before: 40 ms and more a call.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connected(self, _client, _userdata, _flags, reason, _properties):
        """At every connect, the first and those after a loss: listen. The hub's state is the first that comes."""
        if reason != 0:  # to come back with the same token would get the same answer
            self.give_up(f"not let in ({reason}): the token has expired, it or the device was revoked, or it is another"
                         f" hub's. On the hub's machine: strawberryctl token issue --device {self.id} --mosquitto DIR")
            return
        self.connected_at = time.monotonic()
        self.mqtt.subscribe([(f"skills/{self.id}/call", 1), (f"skills/{self.id}/response", 1), ("hub/state", 1)])

    def disconnected(self, _client, _userdata, *rest):
        if self.connected_at is None:
            return
        is_quick = time.monotonic() - self.connected_at < QUICK_LOSS_S
        self.quick_losses = self.quick_losses + 1 if is_quick else 0
        self.connected_at = None
        print("disconnected", flush=True)
        reason = rest[-2]  # paho-mqtt 2 has flags before it
        if getattr(reason, "value", reason) == TAKEN_OVER or self.quick_losses >= QUICK_LOSSES_MAX:
            self.give_up(f"another connection came as the device {self.id}: it runs twice; leave one of them")

    def give_up(self, why):
        self.why = self.why or why
        self.stop.set()

    @staticmethod
    def describe(skill):
        return {"class_name": CLASS_NAME, "function_name": skill.__name__,
                "signature": skill.__name__ + str(inspect.signature(skill)), "docstring": inspect.getdoc(skill)}

    def ask(self, request):
        self.mqtt.publish(f"skills/{self.id}/request", json.dumps(request), qos=1)

    def received(self, _client, _userdata, message):
        try:
            payload = json.loads(message.payload)
            if message.topic == "hub/state":
                if payload["state"] == "online":  # at every connect, and whenever the hub is back
                    self.ask({"op": "register", "skills": [self.describe(skill) for skill in SKILLS.values()]})
            elif message.topic.endswith("/call"):
                self.called(payload)
            elif payload["success"]:
                print("the hub knows", payload["result"], flush=True)
            else:
                print("the hub says no:", payload["error"]["message"], flush=True)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            print(f"not understood: {error!r}", flush=True)

    def called(self, call):
        """Answers a call once: one that comes again gets the same answer, and nothing is done a second time."""
        correlation_id = call["correlation_id"]
        while self.answers and (len(self.answers) >= REMEMBERED_MAX or self.oldest() < time.monotonic() - REMEMBER_S):
            self.answers.popitem(last=False)
        if correlation_id not in self.answers:
            self.answers[correlation_id] = (time.monotonic(), self.run(call))
        self.mqtt.publish(f"skills/{self.id}/result", self.answers[correlation_id][1], qos=1)

    def oldest(self):
        return next(iter(self.answers.values()))[0]

    @staticmethod
    def run(call):
        answer = {"correlation_id": call["correlation_id"], "success": False, "result": None, "error": None}
        try:
            result = SKILLS[call["skill_path"]](*call.get("args", []), **call.get("kwargs", {}))
            return json.dumps({**answer, "success": True, "result": result})
        except Exception as error:  # whatever a skill raises is an answer
            return json.dumps({**answer, "error": f"{type(error).__name__}: {error}"})

    def serve(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stop.set())
        self.mqtt.connect_async(self.host, self.port, keepalive=30)
        self.mqtt.loop_start()  # a thread of its own, which also connects again after a loss
        while not self.stop.wait(HEARTBEAT_S):
            self.ask({"op": "heartbeat"})
        self.mqtt.disconnect()
        self.mqtt.loop_stop()
        return self.why


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(Spoke(sys.argv[1]).serve())
