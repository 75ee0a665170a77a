#!/usr/bin/python3
"""A Spoke in Python: a device that offers two skills to a Strawberry hub. Copy it and write skills of your own.

    sudo apt install python3-paho-mqtt
    strawberryctl device add 'Garden Lamp' --user demo --mosquitto var/lamp
    examples/spoke.py var/lamp

    strawberryctl call garden_lamp.LampSkill.turn_on 40        (in another terminal)

It uses the package strawberry_spoke: that of this checkout, unless it is installed (sdk/python/README.md).
"""

import pathlib
import sys

# For a copy elsewhere, delete this line and install the package.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "sdk" / "python"))

from strawberry_spoke import Spoke  # noqa: E402


class LampSkill:
    """Each public method is a skill; its signature and docstring are what people and models read."""

    def turn_on(self, brightness: int = 100) -> str:
        """Turn the garden lamp on."""
        print(f"the lamp shines at {brightness} %", flush=True)
        return f"The lamp is on at {brightness} %"

    def turn_off(self) -> str:
        """Turn the garden lamp off."""
        print("the lamp is dark", flush=True)
        return "The lamp is off"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    Spoke(connect=sys.argv[1], skills=[LampSkill]).run()
