"""A Spoke of a folder of skills: python3 -m strawberry_spoke --skills DIR --connect DIR"""

from __future__ import annotations

import argparse
import logging
import sys
from typing import Optional

from . import __version__
from .errors import SpokeError
from .folder import load_folder
from .spoke import Spoke, say_something

EPILOG = """The folder has files with classes named …Skill, as Spokes of the Python hub have them:

  skills/lamp_skill/skill.py      class LampSkill:
                                      def turn_on(self, brightness: int = 100) -> str:
                                          "Turn the lamp on."

A file that cannot be loaded is named, and the rest is offered."""


def main(arguments: Optional[list[str]] = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m strawberry_spoke", description="Offers a folder of skills to a Strawberry hub, until Ctrl-C.",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skills", required=True, metavar="DIR", help="the folder of skills")
    parser.add_argument("--connect", metavar="DIR",
                        help="what 'strawberryctl device add NAME --user USER --mosquitto DIR' wrote")
    parser.add_argument("--token-file", metavar="FILE", help="instead: the device's token, with --host")
    parser.add_argument("--host", help="where the hub is, when DIR does not say it rightly")
    parser.add_argument("--port", type=int, help="its port")
    parser.add_argument("--tls", action="store_true", help="with --token-file: TLS, with the CAs this system trusts")
    parser.add_argument("--cafile", metavar="FILE", help="TLS with this CA's certificate")
    parser.add_argument("--check", action="store_true", help="load the skills, print them, and end")
    parser.add_argument("--verbose", action="store_true", help="with the traceback of each failed skill")
    parser.add_argument("--version", action="version", version=__version__)
    options = parser.parse_args(arguments)
    say_something()
    if options.verbose:
        logging.getLogger("strawberry_spoke").setLevel(logging.DEBUG)
    try:
        return _run(parser, options)
    except SpokeError as error:
        print(error, file=sys.stderr)
        return 1


def _run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    loaded = load_folder(options.skills)
    if options.check:
        for each in loaded.skills:
            print(f"{each.class_name}.{each.signature}")
        return 1 if loaded.failures or not loaded.skills else 0
    if not loaded.skills:
        print(f"{options.skills} has no skills (a class named …Skill with public methods)", file=sys.stderr)
        return 1
    if (options.connect is None) == (options.token_file is None):
        parser.error("give --connect DIR, or --token-file FILE with --host")
    spoke = Spoke(options.connect, host=options.host, port=options.port, token_file=options.token_file,
                  tls=options.tls or None, cafile=options.cafile)
    spoke.add_skills(loaded.skills)
    spoke.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
