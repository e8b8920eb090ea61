"""Follows channels of a Tidings server, and prints one JSON object a line for everything that arrives.

It was written from PROTOCOL.md alone, and uses only Python's standard library (3.11 or later):

    python3 python-client.py --url http://localhost:3111/events --channel rooms/lobby --after q7Fd3k.18204
"""

import argparse
import http.client
import json
import random
import sys
import time
from urllib.parse import urlencode, urlsplit

# A connection that is silent for this many heartbeats has ended.
SILENT_HEARTBEATS = 2.5
MINUTE = 60
# A server that drains a stream within this many seconds of its start is faulty.
INSTANT = 10
# After one of these statuses the client does not try again.
FATAL_STATUSES = {204, 400, 401, 403, 404, 405, 406, 413, 414, 431}
# How to reconnect after the server's `bye`, by its reason:
#   "planned"  after the time of `retry`, without jitter; it does not count as a failure
#   "draining" "planned", unless the stream was very short; then "failed"
#   "soon"     within a second, but at most once a minute
#   "slowly"   after at least 30 seconds
#   "failed"   as after a broken connection
RECONNECT = {"draining": "draining", "max-age": "planned", "expired": "soon", "unknown": "slowly", "limit": "failed"}


def print_line(kind, **facts):
    print(json.dumps({"kind": kind, **facts}), flush=True)


def stop(**facts):
    print_line("closed", **facts)
    sys.exit(1)


class Client:
    def __init__(self, url, channels, after, max_events):
        self.url = url
        self.channels = channels
        self.cursor = after
        self.remaining_events = max_events
        self.retry = 2.0  # seconds
        self.failures = 0
        self.last_soon = -MINUTE

    def run(self):
        while self.channels:
            start = time.monotonic()
            how, least_pause = self.connect()
            now = time.monotonic()
            if how == "draining":
                how = "planned" if now - start >= INSTANT else "failed"
            if now - start >= MINUTE:
                self.failures = 0
            pause = self.choose_pause(how, least_pause, now)
            print_line("retry", how=how, seconds=round(pause, 3))
            time.sleep(pause)
        stop(reason="no channel is left")

    def choose_pause(self, how, least_pause, now):
        if how == "soon" and now - self.last_soon >= MINUTE:
            self.last_soon = now
            return random.random()
        if how == "planned":
            return max(self.retry, 0.5)
        slow_pause = 30 if how == "slowly" else 0
        longest_jitter = min(30, max(0.5, self.retry) * 2**self.failures)
        self.failures = min(self.failures + 1, 16)
        return max(self.retry, least_pause, slow_pause) + random.uniform(0, longest_jitter)

    def connect(self):
        """Opens one connection and reads it to its end. Returns how to reconnect, and the least seconds until then."""
        query = [("protocol", "1"), *(("channel", channel) for channel in self.channels)]
        if self.cursor is not None:
            query.append(("after", self.cursor))
        parts = urlsplit(self.url)
        target = f"{parts.path or '/'}?{urlencode(query)}"
        is_https = parts.scheme == "https"
        connection_class = http.client.HTTPSConnection if is_https else http.client.HTTPConnection
        connection = connection_class(parts.netloc, timeout=SILENT_HEARTBEATS * 15)
        try:
            connection.connect()
            socket = connection.sock  # the response takes the socket out of the connection
            connection.request("GET", target, headers={"Accept": "text/event-stream"})
            response = connection.getresponse()
            if response.status in FATAL_STATUSES:
                stop(status=response.status, reason=response.read(4096).decode(errors="replace"))
            is_stream = response.headers.get_content_type() == "text/event-stream"
            if response.status != 200 or not is_stream:
                retry_after = response.headers.get("Retry-After", "")
                return "failed", float(retry_after) if retry_after.isdecimal() else 0
            return self.read(response, socket), 0
        except (OSError, http.client.HTTPException):
            return "failed", 0
        finally:
            connection.close()

    def read(self, response, socket):
        """Reads a stream to its end. Returns how to reconnect."""
        how = "failed"
        name, data, cursor = "", [], None
        for raw in response:
            if not raw.endswith(b"\n"):
                break  # the connection was cut within a line
            field, _, value = raw[:-1].decode(errors="replace").partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif field == "id":
                cursor = value
            elif field == "retry" and value.isdecimal():
                self.retry = min(int(value), 2**31 - 1) / 1000
            elif raw == b"\n":
                if data:
                    how = self.handle(name, json.loads("\n".join(data)), cursor, socket) or how
                name, data, cursor = "", [], None
        return how

    def handle(self, name, data, cursor, socket):
        """Handles one block. If the stream is about to end, returns how to reconnect, otherwise None."""
        how = None
        is_event = ":" in name
        if is_event or name == "clear":
            if cursor is not None and self.has_seen(cursor):
                return None
        if is_event:
            channel, _, event_type = name.partition(":")
            print_line("event", channel=channel, type=event_type, data=data, id=cursor)
        elif name == "clear":
            print_line("clear", **data)
        elif name == "hello":
            socket.settimeout(SILENT_HEARTBEATS * data["heartbeat"] / 1000)
            print_line("open", id=cursor)
        elif name == "gap":
            print_line("gap", channels=data["channels"], id=cursor)
            how = "soon" if cursor is not None else None
        elif name == "bye":
            print_line("bye", **data)
            how = self.handle_bye(data)
        if cursor is not None:
            self.cursor = cursor
            # A channel with `@` starts anew at every connection, so from now on it is asked for without.
            self.channels = [channel.partition("@")[0] for channel in self.channels]
        if is_event:
            self.remaining_events -= 1
        if self.remaining_events <= 0:
            sys.exit(0)
        return how

    def handle_bye(self, data):
        if "channels" in data:
            # The server ends some channels only. An unknown channel may come back, because a deploy may be under way.
            gone = data["channels"] if data["reason"] != "unknown" else []
            self.channels = [channel for channel in self.channels if channel.partition("@")[0] not in gone]
            return None
        if data["reason"] == "forbidden":
            stop(reason="forbidden")
        return RECONNECT.get(data["reason"], "failed")

    def has_seen(self, cursor):
        seen_epoch, _, seen_seq = (self.cursor or ".").rpartition(".")
        epoch, _, seq = cursor.rpartition(".")
        return epoch == seen_epoch and int(seq) <= int(seen_seq)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Follows channels of a Tidings server.")
    parser.add_argument("--url", required=True, help="the events resource, e.g. http://localhost:3111/events")
    parser.add_argument("--channel", required=True, action="append", help="a path, perhaps with @now; can be repeated")
    parser.add_argument("--after", help="the cursor to continue from; without it the client starts now")
    parser.add_argument("--max-events", type=int, default=sys.maxsize, help="exit with 0 after this many events")
    options = parser.parse_args()
    Client(options.url, options.channel, options.after, options.max_events).run()
