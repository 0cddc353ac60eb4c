"""A client that nobody here wrote, the `mcp` package of PyPI, uses `runcomfy mcp` on an emulator.

usage: client.py RUNCOMFY EMULATOR
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import asynccontextmanager

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

MODEL = "bytedance/dreamina-4-0/text-to-image"
ENDED = ("saved", "failed", "cancelled", "in_doubt")


class Emulator:
    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, "--port", "0", "--run-time", "1"], stdout=subprocess.PIPE, text=True
        )
        self.url = self.process.stdout.readline().split()[-1]

    def control(self, method, name, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{name}", data=data, method=method)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def paid(self):
        return len(self.control("GET", "ledger")["jobs"])

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Agent:
    """An agent that reads texts only, as a model does."""

    def __init__(self, session):
        self.session = session

    async def call(self, tool, _refused=False, _timeout=None, _progress=None, **arguments):
        result = await self.session.call_tool(
            tool, arguments, read_timeout_seconds=_timeout, progress_callback=_progress
        )
        assert bool(result.is_error) == _refused, result
        return json.loads(result.content[0].text), result.content

    async def end(self, key):
        while True:
            answer, _ = await self.call("wait", id=key)
            if answer["state"] in ENDED:
                return answer["state"]


@asynccontextmanager
async def agent(program, emulator, store, modern, *flags):
    server = StdioServerParameters(
        command=program,
        args=["mcp", "--store", store, *flags],
        env={"RUNCOMFY_MODEL_API_BASE": f"{emulator.url}/v1", "RUNCOMFY_TOKEN": "any"},
    )
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await (session.discover() if modern else session.initialize())
        yield Agent(session)


async def run(program, emulator, folder, modern):
    store = f"{folder}/agents-{modern}.batch.db"
    boat = {"model": MODEL, "input": {"prompt": "A boat"}, "confirmed_cost": 0.04}
    seen = []

    async def progress(done, total, message):
        seen.append(message)

    async with agent(program, emulator, store, modern, "--budget", "0.13") as client:
        tools = await client.session.list_tools()
        assert len(tools.tools) == 12, tools
        models, _ = await client.call("search_models", query="text-to-image")
        assert models["models"][0]["model_id"] == MODEL

        # A violation is corrected by its own message.
        wrong = {"promt": "A boat"}
        refusal, _ = await client.call("validate", True, model=MODEL, input=wrong)
        hint = next(fault for fault in refusal["violations"] if "hint" in fault)
        right = {hint["hint"]: wrong[hint["pointer"].strip("/")]}
        await client.call("validate", model=MODEL, input=right)

        # Nobody has agreed to the cost; the refusal names it.
        refusal, _ = await client.call("submit", True, model=MODEL, input=right, key="boat-1")
        assert emulator.paid() == 0
        cost = refusal["cost_usd"]
        await client.call("submit", model=MODEL, input=right, key="boat-1", confirmed_cost=cost)
        await client.call("wait", _progress=progress, id="boat-1")
        assert await client.end("boat-1") == "saved"
        assert seen, "no progress"
        _, content = await client.call("result", id="boat-1")
        kinds = [block.type for block in content]
        assert kinds == ["text", "resource_link", "image"], kinds

        # The response to a submit is lost: no error, and no second job.
        lost = {"call": "submit", "occurrence": 1, "fault": {"kind": "lost"}}
        emulator.control("POST", "faults", [lost])
        for _ in range(2):
            answer, _ = await client.call("submit", key="boat-2", **boat)
            assert answer["state"] == "in_doubt", answer
        assert emulator.paid() == 2
        emulator.control("DELETE", "faults")

        # The client gives up, as others do after 60 s.
        answer, _ = await client.call("submit", key="boat-3", **boat)
        try:
            await client.call("wait", _timeout=0.05, id="boat-3")
        except Exception as error:
            print(f"gave up: {error}")

    # It comes back in another process, with the same key.
    async with agent(program, emulator, store, modern) as client:
        again, _ = await client.call("submit", key="boat-3", **boat)
        assert again["request_id"] == answer["request_id"], again
        assert await client.end("boat-3") == "saved"
        assert emulator.paid() == 3
        # The budget is that of the store: $0.08 are spent and $0.04 in doubt.
        refusal, _ = await client.call("submit", True, key="boat-4", **boat)
        assert "$0.01 left" in refusal["error"], refusal
        assert emulator.paid() == 3


def main():
    program, emulator = sys.argv[1], Emulator(sys.argv[2])
    try:
        with tempfile.TemporaryDirectory() as folder:
            for modern in (False, True):
                asyncio.run(run(program, emulator, folder, modern))
                emulator.control("POST", "reset")
                print("the revision", "without" if modern else "with", "sessions: ok")
    finally:
        emulator.stop()


main()
