"""Makes a picture of a prompt and saves it: submit, wait, download, with the standard library alone.

    RUNCOMFY_TOKEN=… python3 make_picture.py "A boat in the fog" boat.png

Against the emulator (`runcomfy emulator`), which takes any token and charges nothing:

    RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:8188/v1 RUNCOMFY_TOKEN=any python3 make_picture.py "A boat" boat.png

The types are generated: `runcomfy-codegen generate --lang python --out examples/python/runcomfy_models`.
"""

import collections.abc
import http.client
import json
import os
import pathlib
import re
import socket
import sys
import time
import typing
import urllib.error
import urllib.request

from runcomfy_models import Model, Result, Submitted
from runcomfy_models.bytedance.dreamina_4_0 import text_to_image

BASE = os.environ.get("RUNCOMFY_MODEL_API_BASE", "https://model-api.runcomfy.net/v1")
TOKEN = os.environ.get("RUNCOMFY_TOKEN", "")
POLL_INTERVAL = 2.0
DEADLINE = 15 * 60
# Statuses without a code, and codes, that prove that a submit made no job. HTTP 408 or 5xx, for example, do not.
REFUSALS = {400, 401, 402, 403, 404, 405, 413, 415, 422, 429}
REFUSAL_CODE = r'"error_code"\s*:\s*"?(40[0-4]|422|429)\d{3}\b'

In = typing.TypeVar("In", bound=collections.abc.Mapping[str, object])
Out = typing.TypeVar("Out", bound=collections.abc.Mapping[str, object])


class RefusedError(Exception):
    """A response that is no success, with what the service says about it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}: {text}")
        is_refusal = status // 100 in (2, 4) and re.search(REFUSAL_CODE, text) is not None
        self.is_certain = is_refusal if '"error_code"' in text else status in REFUSALS
        self.is_transient = status == 429 or status >= 500


def call(method: str, path: str, body: object = None) -> typing.Any:
    """Sends a request and returns the JSON of the response."""
    data = None if body is None else json.dumps(body).encode()
    try:
        request = urllib.request.Request(f"{BASE}/{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        # Never for another host that a redirect names.
        request.add_unredirected_header("Authorization", f"Bearer {TOKEN}")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise RefusedError(error.code, error.read().decode(errors="replace")) from None
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(f"{method} {path}: no response that can be read: {error!r}") from None


def submit(model: Model[In, Out], values: In) -> str:
    """Submits a job, once, and returns its id. After a lost response a job may exist that is charged."""
    try:
        submitted: Submitted = call("POST", f"models/{model.id}", values)
        if not submitted.get("request_id"):
            raise RefusedError(200, json.dumps(submitted))
        return submitted["request_id"]
    except (RefusedError, OSError, AttributeError) as error:
        # Without a connection nothing was sent.
        is_unsent = isinstance(getattr(error, "reason", None), (ConnectionRefusedError, socket.gaierror))
        if is_unsent or (isinstance(error, RefusedError) and error.is_certain):
            raise
        advice = "there may be a job, which costs money: look into the account's history before you run it again"
        raise RuntimeError(f"{advice}: {error}") from None


def wait(model: Model[In, Out], request_id: str) -> Out:
    """Waits for a job and returns its output. A poll that fails changes nothing for the job."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        try:
            result: Result[Out] = call("GET", f"requests/{request_id}/result")
        except RefusedError as error:
            if not error.is_transient:
                raise
        except OSError:
            pass
        else:
            if result["status"] in ("failed", "cancelled"):
                raise RuntimeError(f"{model.id}: the job is {result['status']}: {result.get('error')}")
            if result["status"] == "succeeded" and "output" in result:
                return result["output"]
        time.sleep(POLL_INTERVAL)
    raise TimeoutError(f"the job {request_id} is not finished; it keeps running")


def save(url: str, path: pathlib.Path) -> None:
    """Downloads a file. It has its name only once it is whole, and the URL gets no token."""
    part = path.with_name(path.name + ".part")
    with urllib.request.urlopen(url, timeout=60) as response, part.open("wb") as file:
        length = response.headers.get("Content-Length")
        while chunk := response.read(1 << 16):
            file.write(chunk)
        # `read` takes a connection that ends early for the end of the file.
        if length is not None and file.tell() != int(length):
            raise OSError(f"{file.tell()} of {length} bytes have arrived; run the download again: {url}")
    part.replace(path)


def main() -> None:
    # A token is printable ASCII; an error of the library would print another one.
    is_token = TOKEN.isascii() and TOKEN.isprintable() and TOKEN != ""
    if len(sys.argv) != 3 or not sys.argv[1] or not is_token:
        print("usage: RUNCOMFY_TOKEN=… python3 make_picture.py PROMPT FILE", file=sys.stderr)
        sys.exit(64)
    prompt, path = sys.argv[1], pathlib.Path(sys.argv[2])
    if not path.parent.is_dir():
        sys.exit(f"error: there is no folder {path.parent}; nothing was submitted")
    values: text_to_image.Input = {"prompt": prompt, "width×height": "2048x2048(1:1)"}
    request_id = submit(text_to_image.MODEL, values)
    print(f"submitted: {request_id}")
    output = wait(text_to_image.MODEL, request_id)
    # A model has one output, or several.
    urls = [output["image"]] if "image" in output else output.get("images", [])
    if not urls:
        raise RuntimeError(f"the output has no image: {output}")
    save(urls[0], path)
    print(f"saved: {path}")


if __name__ == "__main__":
    try:
        main()
    except (RefusedError, RuntimeError, OSError) as error:
        sys.exit(f"error: {error}")
