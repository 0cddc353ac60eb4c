"""Types that every model shares."""

import collections.abc as _abc
import dataclasses as _dataclasses
import typing as _t

_Input = _t.TypeVar("_Input", bound=_abc.Mapping[str, object])
_Output = _t.TypeVar("_Output", bound=_abc.Mapping[str, object])


@_dataclasses.dataclass(frozen=True)
class Model(_t.Generic[_Input, _Output]):
    """A model: its id, with the types of its input and its output."""

    id: str


class AnyOutput(_t.TypedDict, total=False):
    """Members that the output of every model may have: URLs of what the job has made."""

    image: str
    images: list[str]
    video: str
    videos: list[str]
    audio: str
    audios: list[str]


class Submitted(_t.TypedDict):
    """Response to a submit."""

    request_id: str
    status_url: _t.NotRequired[str]
    result_url: _t.NotRequired[str]
    cancel_url: _t.NotRequired[str]


class JobStatus(_t.TypedDict):
    """Response to a request of a job's status."""

    request_id: _t.NotRequired[str]
    status: str
    """`in_queue`, `in_progress`, `completed`, `cancelled`, or another word for "not finished"."""
    queue_position: _t.NotRequired[int]
    status_url: _t.NotRequired[str]
    result_url: _t.NotRequired[str]


class Result(_t.TypedDict, _t.Generic[_Output]):
    """Response to a request of a job's result."""

    request_id: _t.NotRequired[str]
    status: str
    """`succeeded`, `failed`, `cancelled`, or, while the job is not finished, another word."""
    output: _t.NotRequired[_Output]
    error: _t.NotRequired[_t.Any]
    """Reason why the job failed: a text, an object or an array."""
    created_at: _t.NotRequired[str]
    finished_at: _t.NotRequired[str]


class Cancelled(_t.TypedDict):
    """Response to a request to cancel a job."""

    request_id: _t.NotRequired[str]
    status: _t.NotRequired[str]
    outcome: _t.Literal["cancelled", "not_cancellable"]
