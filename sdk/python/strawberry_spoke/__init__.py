"""A Spoke of a Strawberry hub: a device whose functions people, other devices and language models can call."""

from .aio import AsyncSpoke
from .chat import AsyncChat, Chat, ChatEvent
from .errors import (
                     ConfigError,
                     HubError,
                     QueueFull,
                     Refused,
                     SkillDefinitionError,
                     SkillFailure,
                     SpokeError,
                     Stopped,
                     TakenOver,
                     Unreachable,
)
from .folder import LoadedFolder, load_folder
from .limits import Limits
from .operations import new_id
from .skill import skill
from .spoke import Spoke
from .worker import CallInfo, current_call

__version__ = "0.1.0"
__all__ = ["AsyncChat", "AsyncSpoke", "CallInfo", "Chat", "ChatEvent", "ConfigError", "HubError", "Limits",
           "LoadedFolder", "QueueFull", "Refused", "SkillDefinitionError", "SkillFailure", "Spoke", "SpokeError",
           "Stopped", "TakenOver", "Unreachable", "current_call", "load_folder", "new_id", "skill"]
