"""A server of a part of PROTOCOL.md, written from it alone with Python's standard library (3.11 or later).

    python3 python-server.py --port 8000

It has one channel, rooms/<name>, with one reliable event, message, of which it keeps the newest ten. It serves streams
and pages: every way to start, history, long polls, heartbeats, and gaps with the reasons trimmed and reset. It has no
latest and no volatile events, no snapshots, no viewers, no limits, and allows no other origin.

    curl -d '{"path": "rooms/tea", "type": "message", "data": {"text": "hi"}}' localhost:8000/publish
"""

import argparse
import json
import random
import re
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit

KEEP = 10
HEARTBEAT = 1.0  # seconds
MAX_BODY = 64 * 1024
CURSOR = re.compile(r"([A-Za-z0-9_-]{1,40})\.(0|[1-9][0-9]{0,15})", re.ASCII)
STREAM = {"Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
PAGE = {"Content-Type": "application/json", "Cache-Control": "no-store"}


class Log:
    """The newest events of each path, in order. `changed` is notified when there are more."""

    def __init__(self):
        self.epoch, self.head, self.draining = secrets.token_hex(6), 0, False
        self.kept, self.trimmed = {}, {}
        self.changed = threading.Condition()

    def append(self, path, kind, data):
        with self.changed:
            self.head += 1
            events = self.kept.setdefault(path, [])
            events.append((self.head, path, kind, data))
            if len(events) > KEEP:
                self.trimmed[path] = events.pop(0)[0]
            self.changed.notify_all()
            return self.token(self.head)

    def drain(self):
        with self.changed:
            self.draining = True
            self.changed.notify_all()

    def token(self, seq):
        return f"{self.epoch}.{seq}"

    def position(self, token):
        """The position of a cursor; None if it is not of this log."""
        match = CURSOR.fullmatch(token)
        valid = match is not None and match[1] == self.epoch and int(match[2]) <= self.head
        return int(match[2]) if valid else None

    def of(self, paths):
        return sorted(event for path in paths for event in self.kept.get(path, []))

    def read(self, after, floors):
        """The events that are owed after a position, and the paths that have a hole there.

        Of each path only the events after its floor are owed.
        """
        events = [event for event in self.of(floors) if event[0] > max(after, floors[event[1]])]
        holes = [path for path, floor in floors.items() if self.trimmed.get(path, 0) > max(after, floor)]
        return events, holes


LOG = Log()


class Refusal(Exception):
    pass


def is_canonical(path):
    def encode(text):
        return text.replace(".", "%2E") if text in (".", "..") else quote(text, safe="")

    try:
        parts = [unquote(part, errors="strict") for part in path.split("/")]
    except UnicodeDecodeError:
        return False
    return len(path) <= 256 and all(parts) and "/".join(map(encode, parts)) == path


def quality(accept, kind):
    best = (-1, 0.0)
    for part in accept.lower().split(","):
        media, *parameters = [text.strip() for text in part.split(";")]
        ranges = ["*/*", kind.split("/")[0] + "/*", kind]
        given = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        if media in ranges:
            best = max(best, (ranges.index(media), float(given)))
    return best[1], best[0]


def representation(handler):
    accept = handler.headers.get("Accept") or "*/*"
    page, stream = quality(accept, "application/json"), quality(accept, "text/event-stream")
    if page[0] == 0 and stream[0] == 0:
        return None
    return "page" if page > stream else "stream"


class ParsedRequest:
    """The channels of a request with the start of each, and the start of the connection."""

    def __init__(self, handler):
        pairs = parse_qsl(urlsplit(handler.path).query, keep_blank_values=True)
        self.query, kind = dict(reversed(pairs)), representation(handler)
        if kind is None:
            raise Refusal(406, "not-acceptable")
        if LOG.draining:
            raise Refusal(503, "draining")
        channels = [value.partition("@") for name, value in pairs if name == "channel"]
        starts = [(path, start if at else None) for path, at, start in channels]
        if kind == "stream" and {"before", "wait", "snapshot"} & self.query.keys():
            raise Refusal(400, "bad-request")
        if self.query.get("before") == "":
            del self.query["before"]
        self.after = self.query.get("after") or None
        if handler.command == "POST":
            starts, self.after = handler.body()
        self.last, self.wait = self.number("last", 1, 1000), self.number("wait", 0, 60)
        self.starts = dict(starts)
        if len(starts) > 100:
            raise Refusal(400, "bad-request", None, 100)
        if not starts or len(self.starts) < len(starts):
            raise Refusal(400, "bad-request")
        bad = [path for path in self.starts if not is_canonical(path)]
        if bad:
            raise Refusal(400, "bad-channel", bad)
        self.unknown = [path for path in self.starts if not re.fullmatch("rooms/[^/]+", path)]
        self.starts = {path: start for path, start in self.starts.items() if path not in self.unknown}
        if not self.starts:
            raise Refusal(404, "unknown-channel", self.unknown)
        if "snapshot" in self.query:
            raise Refusal(404, "no-snapshot", list(self.starts))
        last_event_id = handler.headers.get("Last-Event-ID")
        if last_event_id:
            self.after, self.last, self.starts = last_event_id, None, dict.fromkeys(self.starts)

    def number(self, name, least, most):
        text = self.query.get(name)
        if text is None:
            return None
        if not re.fullmatch("[0-9]{1,5}", text) or not least <= int(text) <= most:
            raise Refusal(400, "bad-request")
        return int(text)

    def begin(self):
        """Where the connection starts (None: bad cursor), the floor of each path, and the paths with a bad start."""
        floors, bad = {}, []
        for path, start in self.starts.items():
            floor = 0 if start is None else LOG.head if start == "now" else LOG.position(start)
            floors[path] = LOG.head if floor is None else floor
            bad += [path] * (floor is None)
        own = [floors[path] for path, start in self.starts.items() if start is not None]
        events = LOG.of(floors)[-self.last :] if self.last else []
        if self.after is not None:
            return LOG.position(self.after), floors, bad
        if self.last:
            return events[0][0] - 1 if events else LOG.head, floors, bad
        return min(own, default=LOG.head), floors, bad


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        try:
            if self.path == "/publish" and self.command == "POST":
                event = json.loads(self.rest())
                return self.answer(200, PAGE, {"id": LOG.append(event["path"], event["type"], event["data"])})
            if self.path == "/drain" and self.command == "POST":
                return self.answer(200, PAGE, LOG.drain())
            respond = self.page if representation(self) == "page" else self.stream
            respond(ParsedRequest(self))
        except Refusal as refusal:
            self.refuse(*refusal.args)
        except ConnectionError:
            pass  # the reader has left

    do_POST = do_HEAD = do_GET

    def refuse_method(self):
        self.refuse(405, "bad-method")

    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = refuse_method

    def refuse(self, status, code, channels=None, limit=None):
        is_native = self.command == "GET" and representation(self) == "stream" and "protocol=1" not in self.path
        if status == 503 and is_native:
            self.head(200, STREAM)
            return self.block("bye", {"reason": code}, retry=random.randint(5_000, 15_000))
        problem = {"type": "about:blank", "title": self.responses[status][0], "status": status, "code": code}
        headers = {**PAGE, "Content-Type": "application/problem+json"}
        if status == 503:
            headers["Retry-After"] = "5"
        details = {"channels": channels, "limit": limit}
        given = {name: value for name, value in details.items() if value is not None}
        self.answer(status, headers, {**problem, **given})

    def answer(self, status, headers, value):
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        self.head(status, {**headers, "Content-Length": str(len(body))})
        if self.command != "HEAD":
            self.wfile.write(body)

    def head(self, status, headers):
        self.send_response(status)
        every = {"X-Content-Type-Options": "nosniff", "Vary": "Accept", "Connection": "close"}
        for name, value in {**headers, **every}.items():
            self.send_header(name, value)
        self.end_headers()

    def rest(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def body(self):
        text = self.rest()
        if len(text) > MAX_BODY:
            raise Refusal(413, "too-large")
        try:
            value = json.loads(text)
            starts, after = list(value["channels"].items()), value.get("after")
        except (ValueError, TypeError, KeyError, AttributeError):
            raise Refusal(400, "bad-request") from None
        if not all(start is None or isinstance(start, str) for start in [after, *value["channels"].values()]):
            raise Refusal(400, "bad-request")
        return starts, after

    def block(self, name, data, token=None, retry=None):
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        first = [] if retry is None else [f"retry: {retry}"]
        last = [] if token is None else [f"id: {token}"]
        lines = [*first, f"event: {name}", f"data: {text}", *last]
        self.wfile.write(("\n".join(lines) + "\n\n").encode())

    def gap(self, paths, reason, token=None):
        if paths:
            self.block("gap", {"channels": dict.fromkeys(paths, reason)}, token)

    def stream(self, request):
        self.head(200, STREAM)
        if self.command == "HEAD":
            return
        with LOG.changed:
            (position, floors, bad), head = request.begin(), LOG.token(LOG.head)
        token = None if position is None else LOG.token(position)
        hello = {"protocol": 1, "heartbeat": int(HEARTBEAT * 1000), "contract": "python-1"}
        self.block("hello", hello, token, random.randint(1_000, 5_000))
        if request.unknown:
            self.block("bye", {"reason": "unknown", "channels": request.unknown})
        if position is None:
            return self.gap(floors, "reset", head)
        self.gap(bad, "reset")
        beat = time.monotonic() + HEARTBEAT
        while True:
            with LOG.changed:
                if LOG.head == position and not LOG.draining:
                    LOG.changed.wait(max(0.0, beat - time.monotonic()))
                (events, holes), position, draining = LOG.read(position, floors), LOG.head, LOG.draining
            self.gap(holes, "trimmed")
            for seq, path, kind, data in events:
                self.block(f"{path}:{kind}", data, LOG.token(seq))
            if draining:
                return self.block("bye", {"reason": "draining"}, retry=random.randint(500, 5_000))
            now = time.monotonic()
            if events:
                beat = now + HEARTBEAT
            elif now >= beat:
                beat = now + HEARTBEAT
                self.block("heartbeat", {}, LOG.token(position))

    def page(self, request):
        until = time.monotonic() + (request.wait or 0)
        is_history = request.last is not None or "before" in request.query
        with LOG.changed:
            position, floors, bad = request.begin()
            gap, events, more = dict.fromkeys(bad, "reset"), [], False
            before = LOG.position(request.query["before"]) if "before" in request.query else LOG.head + 1
            if is_history and before is not None:
                older = [event for event in LOG.of(floors) if event[0] < before]
                count = request.last or 50
                events, more = older[-count:], len(older) > count
            elif position is None or is_history:
                gap = dict.fromkeys(floors, "reset")
            else:
                while True:
                    events, holes = LOG.read(position, floors)
                    gap.update(dict.fromkeys(holes, "trimmed"))
                    if events or gap or LOG.draining or not LOG.changed.wait(max(0.0, until - time.monotonic())):
                        break
            cursor = LOG.token(LOG.head)
        body = {
            "events": [
                {"channel": path, "type": kind, "data": data, "id": LOG.token(seq)} for seq, path, kind, data in events
            ],
            "cursor": cursor,
            "more": more,
        }
        if gap:
            body["gap"] = {"channels": gap}
        if request.unknown:
            body["refused"] = dict.fromkeys(request.unknown, "unknown")
        self.answer(200, PAGE, body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serves a part of the Tidings protocol.")
    parser.add_argument("--port", type=int, default=8000, help="0 is any free one")
    server = Server(("127.0.0.1", parser.parse_args().port), Handler)
    print(f"live at http://127.0.0.1:{server.server_port}/events", flush=True)
    server.serve_forever()
