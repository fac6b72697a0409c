#!/usr/bin/env python3
"""Reads lines as spec/event.md states them, and shows requests over all services as trees. It needs Python's standard library only.

usage: spec/reader.py [--request ID] [--conformance] [FILE…]

Exit codes: 0 all lines were read; 1 some are no events, which is said; 2 wrong usage, or a file cannot be read; 3 there is no such request.
With --conformance it answers questions about lines, as spec/conformance.md says.
"""

import argparse
import json
import re
import sys

NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\Z")
TIME = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.([0-9]{6}|[0-9]{9})Z\Z")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
CONTEXT = {"id": r"[A-Za-z0-9_.~:/+=@-]{1,128}", "trace_id": r"(?!0{32})[0-9a-f]{32}", "span_id": r"(?!0{16})[0-9a-f]{16}"}
CONTEXT["parent_span_id"] = CONTEXT["span_id"]
SCALAR = (bool, int, float, str, type(None))
MEMBERS = {  # of every line, or of some: whether a value is one
    "timestamp": lambda v: isinstance(v, str) and TIME.match(v),
    "level": lambda v: v in ("TRACE", "DEBUG", "INFO", "WARN", "ERROR"),
    "event": lambda v: is_name(v),
    "version": lambda v: is_integer(v, 1),
    "message": lambda v: isinstance(v, str),
    "service": lambda v: isinstance(v, dict) and is_service(v),
    "kind": lambda v: v in ("span", "metric"),
    "context": lambda v: isinstance(v, dict) and is_context(v),
    "weight": lambda v: is_integer(v, 2),
    "target": lambda v: isinstance(v, str),
    "duration_us": lambda v: is_integer(v, 0),
    "outcome": lambda v: v in ("ok", "error", "timeout", "cancelled"),
    "violations": lambda v: isinstance(v, list) and v and all(isinstance(t, str) and re.match(r"[a-z][a-z0-9_.]*: .", t) for t in v),
}
REQUIRED = ("timestamp", "level", "event", "version", "message", "service")


def is_name(value):
    return isinstance(value, str) and len(value) <= 128 and NAME.match(value)


def is_integer(value, least):
    return type(value) is int and value >= least


def is_service(service):
    texts = all(isinstance(text, str) for text in service.values())
    return texts and service.keys() <= {"name", "version", "instance"} and 1 <= len(service.get("name", "").encode()) <= 128


def is_context(context):
    if not CONTEXT.keys() - {"parent_span_id"} <= context.keys():
        return False
    form = lambda name, v: isinstance(v, str) and re.fullmatch(CONTEXT[name], v) if name in CONTEXT else isinstance(v, SCALAR)
    return all(is_name(name) and form(name, value) for name, value in context.items())


def unique(pairs):
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name stands twice")
    return members


def refuse(constant):
    raise ValueError(f"{constant} is no JSON")


def read(line):
    """The event that a line of bytes is. Raises ValueError, and says why, if it is none."""
    if len(line) > 1 << 20:
        raise ValueError("longer than a line may be")
    text = line.decode("utf-8")
    if CONTROL.search(text):
        raise ValueError("a character that has to be escaped")
    try:
        event = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(event, dict):
        raise ValueError("no object")
    json.dumps(event, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no text
    for name in REQUIRED:
        if name not in event:
            raise ValueError(f"no {name}")
    for name, value in event.items():
        items = value if isinstance(value, list) else [value]
        is_one = MEMBERS.get(name, lambda v: is_name(name) and all(isinstance(item, SCALAR) for item in items))
        if not is_one(value):
            raise ValueError(f"{name} is wrong")
    if any((name in event) != (event.get("kind") == "span") for name in ("duration_us", "outcome")):
        raise ValueError("duration_us and outcome are of spans, and of all spans")
    return event


def tree(events):
    """The events of one request: each unit of work under the one that caused it, in the order of time."""
    spans, causes = {}, {}
    for event in sorted(events, key=lambda event: event["timestamp"]):
        context = event["context"]
        spans.setdefault(context["span_id"], []).append(event)
        causes.setdefault(context["span_id"], context.get("parent_span_id"))
    caused = {}
    for span, cause in causes.items():
        caused.setdefault(cause if cause in spans else None, []).append(span)
    lines, shown = [], set()
    # First those whose cause is not there; what is left then causes itself.
    waiting = [(span, 0) for span in [*caused.get(None, []), *spans]][::-1]
    while waiting:
        span, depth = waiting.pop()
        if span in shown:
            continue
        shown.add(span)
        for event in spans[span]:
            end = f" {event['outcome']}" if event.get("kind") == "span" else ""
            lines.append(f"{'  ' * depth}{event['service']['name']} {event['level']} {event['event']}{end}")
        waiting.extend((child, depth + 1) for child in reversed(caused.get(span, [])))
    return lines


def answer(question):
    try:
        return {"valid": bool(read(bytes.fromhex(question["hex"])))} if question["group"] == "line" else {"skip": True}
    except ValueError:
        return {"valid": False}


def main():
    parser = argparse.ArgumentParser(description="Shows requests over all services as trees.")
    parser.add_argument("--request", metavar="ID", help="show this one only")
    parser.add_argument("--conformance", action="store_true", help="answer questions about lines")
    parser.add_argument("files", nargs="*", metavar="FILE")
    arguments = parser.parse_args()
    if arguments.conformance:
        for question in sys.stdin:
            print(json.dumps(answer(json.loads(question))), flush=True)
        return 0
    requests, faults = {}, 0
    try:
        for path in arguments.files or ["/dev/stdin"]:
            with open(path, "rb") as lines:
                for number, line in enumerate(lines, 1):
                    try:
                        event = read(line.removesuffix(b"\n")) if line != b"\n" else {}
                        if "context" in event:
                            requests.setdefault(event["context"]["id"], []).append(event)
                    except ValueError as fault:
                        faults += 1
                        print(f"{path}:{number}: {fault}", file=sys.stderr)
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.request and arguments.request not in requests:
        return 3
    for request, events in requests.items():
        if arguments.request in (None, request):
            print("\n".join([request, *(f"  {line}" for line in tree(events))]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
