"""Leads schemathesis to what exists: a valid request names a known thing more often than not. Counts what was answered."""

import atexit
import json
import os
import zlib
from collections import Counter

import schemathesis

KNOWN = json.loads(os.environ["API_FUZZ_KNOWN"])
TALLY = os.environ["API_FUZZ_TALLY"]
counts = Counter()
faults = []


def dice(case, salt):
    text = repr((case.path, case.path_parameters, case.query, case.body, salt)).encode("utf-8", "replace")
    return zlib.crc32(text)


def known(kind, case, salt=""):
    """Something that exists, or None: one in four stays invented."""
    items = KNOWN.get(kind, [])
    at = dice(case, kind + salt)
    return items[(at >> 4) % len(items)] if items and at % 4 else None


@schemathesis.hook
def before_call(context, case, kwargs):
    for name, value in (case.path_parameters or {}).items():
        if value in KNOWN["kept"]:
            case.path_parameters[name] = "00000000-0000-7000-8000-000000000000"
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.path == "/mcp" and dice(case, "mcp") % 8:
        case.body, case.media_type = KNOWN["messages"][dice(case, "message") % len(KNOWN["messages"])], "application/json"
        case.headers["accept"] = "application/json, text/event-stream"
        return
    section = case.path.split("/")[3] if case.path.startswith("/api/v1/") else ""
    for name in list(case.path_parameters or {}):
        found = known({"member": "members", "name": section}.get(name, section), case)
        if found is not None:
            case.path_parameters[name] = found
    body = case.body
    if isinstance(body, dict):
        for field, kind in (("connection", "connections"), ("sql", "statements"), ("text", "texts"), ("role", "roles"), ("member", "members")):
            found = known(kind, case, field) if isinstance(body.get(field), str) else None
            if found is not None:
                body[field] = found
        target = body.get("target")
        if isinstance(target, dict) and "host" in target and dice(case, "target") % 4:
            body["target"] = {**KNOWN["target"], "sslmode": "disable"}


@schemathesis.hook
def after_call(context, case, response):
    counts[f"{case.operation.method.upper()} {case.operation.path} {response.status_code}"] += 1
    if response.status_code >= 500:
        faults.append(f"{response.request.method} {response.request.url} {response.status_code} {response.content[:400]!r} {(response.request.body or b'')[:400]!r}")


def keep():
    with open(TALLY, "w", encoding="utf-8") as file:
        json.dump({"counts": counts, "faults": faults[:50]}, file)


atexit.register(keep)
