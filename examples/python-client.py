"""Follows channels of a Tidings server and prints what arrives, one JSON object a line.

Written from PROTOCOL.md alone, with nothing but Python's standard library (3.11 or later):

    python3 python-client.py --url http://localhost:3111/events --channel rooms/lobby --after q7Fd3k.18204
"""

import argparse
import http.client
import json
import random
import sys
import time
from urllib.parse import urlencode, urlsplit

HEARTBEATS = 2.5  # of silence are the end of a connection
MINUTE = 60
STOPPED = {204, 400, 401, 403, 404, 405, 406, 413, 414, 431}
# How to come back after the server's bye: as told by `retry`, at once, as after a failure, or slowly.
COME_BACK = {"draining": "told", "max-age": "told", "expired": "soon", "unknown": "slowly", "limit": "failed"}


def say(kind, **facts):
    print(json.dumps({"kind": kind, **facts}), flush=True)


def stop(**facts):
    say("closed", **facts)
    sys.exit(1)


class Client:
    def __init__(self, url, channels, after, max_events):
        self.url, self.channels, self.position, self.left = url, channels, after, max_events
        self.retry = 2.0  # seconds
        self.failures = 0
        self.hurried_at = -MINUTE

    def run(self):
        while self.channels:
            begun = time.monotonic()
            how, floor = self.attempt()
            now = time.monotonic()
            if now - begun >= MINUTE:
                self.failures = 0
            if how == "soon" and now - self.hurried_at >= MINUTE:
                self.hurried_at = now
                pause = random.random()
            else:
                floor = max(self.retry, floor, 30 if how == "slowly" else 0)
                pause = floor + random.uniform(0, min(30, max(0.5, self.retry) * 2**self.failures))
                self.failures = min(self.failures + (how != "told"), 16)
            say("retry", why=how, seconds=round(pause, 3))
            time.sleep(pause)
        stop(reason="no channel is left")

    def attempt(self):
        """One connection; returns how to come back, and the least seconds until then."""
        query = [("protocol", "1"), *(("channel", channel) for channel in self.channels)]
        if self.position is not None:
            query.append(("after", self.position))
        parts, connection = urlsplit(self.url), None
        try:
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            connection = kind(parts.netloc, timeout=HEARTBEATS * 15)
            connection.connect()
            socket = connection.sock  # the response takes it away
            connection.request("GET", f"{parts.path or '/'}?{urlencode(query)}", headers={"Accept": "text/event-stream"})
            response = connection.getresponse()
            if response.status in STOPPED:
                stop(status=response.status, reason=response.read(4096).decode(errors="replace"))
            if response.status != 200 or response.headers.get_content_type() != "text/event-stream":
                after = response.headers.get("Retry-After", "")
                return "failed", float(after) if after.isdecimal() else 0
            return self.read(response, socket), 0
        except (OSError, http.client.HTTPException):
            return "failed", 0
        finally:
            if connection is not None:
                connection.close()

    def read(self, response, socket):
        how, name, data, position = "failed", "", [], None
        for raw in response:
            if not raw.endswith(b"\n"):
                break  # cut off within a line
            field, _, value = raw[:-1].decode(errors="replace").partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif field == "id":
                position = value
            elif field == "retry" and value.isdecimal():
                self.retry = min(int(value), 2**31 - 1) / 1000
            elif raw == b"\n":
                if data:
                    how = self.handle(name, json.loads("\n".join(data)), position, socket) or how
                name, data, position = "", [], None
        return how

    def handle(self, name, data, position, socket):
        """One block; returns how to come back when the stream is about to end."""
        how = None
        if ":" in name or name == "clear":
            if position is not None and self.has_seen(position):
                return None
            channel, _, kind = name.partition(":")
            facts = data if name == "clear" else {"channel": channel, "type": kind, "data": data, "id": position}
            say("clear" if name == "clear" else "event", **facts)
        elif name == "hello":
            socket.settimeout(HEARTBEATS * data["heartbeat"] / 1000)
            say("open", id=position)
        elif name == "gap":
            say("gap", channels=data["channels"], id=position)
            how = "soon" if position is not None else None
        elif name == "bye":
            say("bye", **data)
            if "channels" in data:
                gone = data["channels"] if data["reason"] != "unknown" else []
                self.channels = [channel for channel in self.channels if channel.partition("@")[0] not in gone]
            elif data["reason"] == "forbidden":
                stop(reason="forbidden")
            else:
                how = COME_BACK.get(data["reason"], "failed")
        if position is not None:
            self.position = position
            # Asked for with `@` again, they would start anew.
            self.channels = [channel.partition("@")[0] for channel in self.channels]
        self.left -= ":" in name
        if self.left <= 0:
            sys.exit(0)
        return how

    def has_seen(self, position):
        seen_epoch, _, seen = (self.position or ".").rpartition(".")
        epoch, _, seq = position.rpartition(".")
        return epoch == seen_epoch and int(seq) <= int(seen)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Follows channels of a Tidings server.")
    parser.add_argument("--url", required=True, help="the events resource, e.g. http://localhost:3111/events")
    parser.add_argument("--channel", required=True, action="append", help="repeatable; a path, perhaps with @now")
    parser.add_argument("--after", help="the cursor to go on from; from now on without it")
    parser.add_argument("--max-events", type=int, default=sys.maxsize, help="exit with 0 after so many events")
    options = parser.parse_args()
    Client(options.url, options.channel, options.after, options.max_events).run()
