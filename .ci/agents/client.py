"""A client that nobody here wrote, the `mcp` package of PyPI, uses `runcomfy mcp` on an emulator.

usage: client.py RUNCOMFY EMULATOR
"""

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import asynccontextmanager
from pathlib import Path

from mcp import ClientSession, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

MODEL = "bytedance/dreamina-4-0/text-to-image"
ENDED = ("saved", "failed", "cancelled", "in_doubt")

# Programs end a call after 60 s; this one, so that nobody waits, after two.
PATIENCE = 2


class Emulator:
    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, "emulator", "--port", "0", "--run-time", "1"],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self.process.stdout.readline().split()[-1]

    def control(self, method, name, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{name}", data=data, method=method)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def fault(self, **fault):
        """Plays a fault at the next submit."""
        self.control("POST", "faults", [{"call": "submit", "occurrence": 1, "fault": fault}])

    def paid(self):
        return len(self.control("GET", "ledger")["jobs"])

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Agent:
    """An agent that reads texts only, as a model does."""

    def __init__(self, session, sent):
        self.session = session
        self.sent = sent

    async def call(self, tool, _refused=False, _timeout=None, _progress=None, **arguments):
        result = await self.session.call_tool(
            tool, arguments, read_timeout_seconds=_timeout, progress_callback=_progress
        )
        assert bool(result.is_error) == _refused, result
        return json.loads(result.content[0].text), result.content

    async def gives_up(self, tool, **arguments):
        """Makes a call that takes longer than the client waits."""
        before, begun = self.cancellations(), time.monotonic()
        try:
            await self.call(tool, _timeout=PATIENCE, **arguments)
        except MCPError as error:
            waited = time.monotonic() - begun
            print(f"{tool}: gave up after {waited:.1f} s: {error}")
            assert waited >= PATIENCE, waited
        else:
            raise AssertionError(f"{tool} was answered in time")
        # The server has heard of it once it answers what was sent later.
        await self.session.list_tools()
        assert self.cancellations() == before + 1

    def cancellations(self):
        return self.sent.read_text().count('"notifications/cancelled"')

    async def end(self, key):
        while True:
            answer, _ = await self.call("wait", id=key)
            if answer["state"] in ENDED:
                return answer["state"]


@asynccontextmanager
async def agent(program, emulator, store, modern, *flags):
    # A copy of what the client sends shows its cancellations.
    sent = Path(f"{store}.sent")
    server = StdioServerParameters(
        command="sh",
        args=["-c", 'tee -a "$0" | "$@"', str(sent), program, "mcp", "--store", store, *flags],
        env={"RUNCOMFY_MODEL_API_BASE": f"{emulator.url}/v1", "RUNCOMFY_TOKEN": "any"},
    )
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await (session.discover() if modern else session.initialize())
        yield Agent(session, sent)


def corrected(given, error):
    """Corrects an input by the text of a refusal alone: names, members of enums, bounds."""
    right = dict(given)
    for fault in re.split(r"; (?=/)", error.split(": ", 1)[1]):
        name, text = fault[1:].split(": ", 1)
        if hint := re.search(r"did you mean `(.+)`\?", text):
            right[hint[1]] = right.pop(name)
        elif members := re.search(r"expected one of (.+)", text):
            right[name] = members[1].split(", ")[0].strip('"')
        elif bound := re.search(r"expected a number in .*\.\.=([0-9.]+)", text):
            right[name] = float(bound[1])
    return right


async def whole_job(client, emulator):
    seen = []

    async def progress(done, total, message):
        seen.append(message)

    tools = await client.session.list_tools()
    assert len(tools.tools) == 12, tools
    models, _ = await client.call("search_models", query="text-to-image")
    assert models["models"][0]["model_id"] == MODEL

    # The message of a refusal says all that is needed to correct the input, for a submit too.
    given = {"promt": "A boat", "width×height": "7x7", "scale": 7}
    wrong = {"model": MODEL, "input": given}
    refusal, _ = await client.call("submit", True, key="boat-1", **wrong)
    assert refusal["money"].startswith("Nothing was submitted"), refusal
    right = {"model": MODEL, "input": corrected(given, refusal["error"])}
    print(f"corrected: {right['input']}")
    await client.call("validate", **right)

    # Nobody has agreed to the cost; the refusal names it.
    refusal, _ = await client.call("submit", True, key="boat-1", **right)
    assert emulator.paid() == 0
    cost = refusal["cost_usd"]
    await client.call("submit", key="boat-1", confirmed_cost=cost, **right)
    await client.call("wait", _progress=progress, id="boat-1")
    assert await client.end("boat-1") == "saved"
    assert seen, "no progress"
    _, content = await client.call("result", id="boat-1")
    kinds = [block.type for block in content]
    assert kinds == ["text", "resource_link", "image"], kinds
    assert emulator.paid() == 1


async def run(program, emulator, folder, modern):
    store = f"{folder}/agents-{modern}.batch.db"

    # A job like one in doubt is refused under another key, so each has a prompt of its own.
    def boat(name):
        return {"key": name, "model": MODEL, "input": {"prompt": name}, "confirmed_cost": 0.04}

    async with agent(program, emulator, store, modern, "--budget", "0.17") as client:
        await whole_job(client, emulator)

        # The response to a submit is lost: no error, and no second job.
        emulator.fault(kind="lost")
        for _ in range(2):
            answer, _ = await client.call("submit", **boat("boat-2"))
            assert answer["state"] == "in_doubt", answer
        refusal, _ = await client.call("submit", True, **(boat("boat-2") | {"key": "again"}))
        assert refusal["in_doubt"] == "boat-2", refusal
        assert emulator.paid() == 2

        # The client gives up on a submit, and repeats the call with the same key.
        emulator.fault(kind="genuine", delay=2 * PATIENCE)
        await client.gives_up("submit", **boat("boat-3"))
        answer, _ = await client.call("submit", **boat("boat-3"))
        assert answer["request_id"], answer
        assert emulator.paid() == 3

        # It gives up on a wait too, and ends the server.
        emulator.fault(kind="job_never_ends")
        await client.call("submit", **boat("boat-4"))
        await client.gives_up("wait", id="boat-4")
        assert emulator.paid() == 4

    # It comes back in another process, with the same keys.
    async with agent(program, emulator, store, modern) as client:
        again, _ = await client.call("submit", **boat("boat-3"))
        assert again["request_id"] == answer["request_id"], again
        assert await client.end("boat-3") == "saved"
        waits, _ = await client.call("submit", **boat("boat-4"))
        assert waits["state"] in ("submitted", "running"), waits
        assert emulator.paid() == 4
        # The budget is that of the store: $0.08 are spent, $0.04 reserved and $0.04 in doubt.
        refusal, _ = await client.call("submit", True, **boat("boat-5"))
        assert "$0.01 left" in refusal["error"], refusal
        assert emulator.paid() == 4


def main():
    program, emulator = sys.argv[1], Emulator(sys.argv[1])
    try:
        with tempfile.TemporaryDirectory() as folder:
            for modern in (False, True):
                asyncio.run(run(program, emulator, folder, modern))
                emulator.control("POST", "reset")
                emulator.control("DELETE", "faults")
                print("the revision", "without" if modern else "with", "sessions: ok")
    finally:
        emulator.stop()


main()
