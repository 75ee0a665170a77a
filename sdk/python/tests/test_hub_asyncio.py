"""The asyncio API with a real hub."""

import asyncio
import threading

import pytest
from strawberry_spoke import AsyncSpoke, HubError, Unreachable, new_id, skill


class LampSkill:
    def __init__(self):
        self.threads = []

    async def on(self, level: int = 100) -> int:
        self.threads.append(threading.current_thread())
        await asyncio.sleep(0)
        return level

    def off(self) -> str:
        self.threads.append(threading.current_thread())
        return "off"

    async def slow(self) -> None:
        await asyncio.sleep(60)

    @skill(confirm=True)
    async def unlock(self) -> str:
        return "unlocked"


LampSkill = skill(LampSkill)


def run(scene):
    return asyncio.run(asyncio.wait_for(scene, 60))


def test_coroutines_run_on_the_loop_and_functions_in_threads(hub):
    async def scene():
        source = LampSkill()
        async with AsyncSpoke(connect=hub.device("Async Lamp"), skills=[source]) as lamp:
            await lamp.start(20)
            assert await lamp.call("async_lamp.LampSkill.on", 5) == 5
            assert await lamp.call("async_lamp.LampSkill.off") == "off"
            assert source.threads[0] is threading.main_thread()
            assert source.threads[1] is not threading.main_thread()
            assert sorted(await asyncio.gather(*(lamp.call("LampSkill.on", n) for n in range(50)))) == list(range(50))
            with pytest.raises(HubError) as error:
                await lamp.call("LampSkill.slow", timeout_s=0.5)
            assert error.value.code in ("timeout", "skill_error")
            assert [each["function_name"] for each in await lamp.skills() if each["device_id"] == lamp.id] == [
                "on", "off", "slow", "unlock"]
            assert (await lamp.describe("LampSkill.on"))["signature"] == "on(level: int = 100) -> int"
            assert await lamp.search("on") and await lamp.devices() and (await lamp.me())["device_id"] == lamp.id

    run(scene())


def test_a_chat_is_streamed_and_may_ask(hub):
    async def scene():
        async with AsyncSpoke(connect=hub.device("Async Lamp"), skills=[LampSkill]) as lamp:
            await lamp.start(20)

            async def yes(question):
                await asyncio.sleep(0)
                return True

            for confirm, success in ((yes, True), (lambda question: True, True), (None, False)):
                events = [event async for event in lamp.chat("unlock on the async lamp", confirm=confirm)]
                assert [each.success for each in events if each.kind == "tool_result"] == [success]
                assert events[-1].kind == "done" and events[-1].text
            assert await lamp.chat("unlock on the async lamp", confirm=yes).text()
            async for event in lamp.chat("slow on the async lamp"):
                if event.kind == "tool_call":
                    break

    run(scene())


def test_sessions_and_what_was_said_offline(hub):
    async def scene():
        async with AsyncSpoke(connect=hub.device("Async Lamp")) as lamp:
            session = (await lamp.sessions.create("x"))["session_id"]
            await lamp.sessions.append(session, "user", "hello")
            lamp.keep("assistant", "hi", session)
            await lamp.sync(20)
            assert [each["content"] for each in await lamp.sessions.messages(session)] == ["hello", "hi"]
            await lamp.sessions.update(session, "y")
            assert (await lamp.sessions.get(session))["title"] == "y"
            assert session in [each["session_id"] for each in await lamp.sessions.list(limit=500)]
            await lamp.sessions.delete(session)

    run(scene())


def test_a_question_that_is_cancelled_is_forgotten_and_one_without_a_hub_ends(hub):
    async def scene():
        async with AsyncSpoke(connect=hub.device("Async Lonely"), host="127.0.0.1", port=9) as lonely:
            task = asyncio.ensure_future(lonely.call("x.Y.z"))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(Unreachable):
                await lonely.call_with("x.Y.z", timeout_s=0.3, correlation_id=new_id())
            assert lonely._engine._requests._under_way == {}

    run(scene())


def test_the_loop_that_waits_for_a_spoke_goes_on(hub):
    async def scene():
        async with AsyncSpoke(connect=hub.device("Async Lamp"), skills=[LampSkill]) as lamp:
            turns = []

            async def ticks():
                while True:
                    turns.append(1)
                    await asyncio.sleep(0.01)

            task = asyncio.ensure_future(ticks())
            await lamp.start(20)
            assert not await lamp.wait(0.3)
            assert len(turns) > 5
            task.cancel()

    run(scene())
