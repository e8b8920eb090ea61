import assert from "node:assert/strict";
import { expectProblem, UNAVAILABLE } from "./errors.ts";
import { partsOf, type Guest } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";
import type { RequestOptions } from "./transport.ts";

const NATIVE =
  "So a stream request without `protocol=1` that would get 429 or 5xx is answered with 200, a long `retry`, and `bye`.";
const FAULTY: RequestOptions = { headers: { authorization: "Bearer faulty" } };

/** Expects that a stream and a page are refused with a `Retry-After`. */
async function expectUnavailable(guest: Guest, code: string): Promise<void> {
  for (const accept of ["text/event-stream", "application/json"]) {
    const { retryAfter } = await expectProblem(guest, [503, code], "channel=rooms/tea", { headers: { accept } });
    assert.match(String(retryAfter), /^[1-9]\d*$/);
  }
}

/** Expects the answer for a native EventSource: a stream with a long `retry` and a `bye`. */
async function expectLongRetry(guest: Guest, reason: string, query: string, options?: RequestOptions): Promise<void> {
  const stream = await guest.ask(query, options);
  assert.deepEqual([stream.status, stream.headers["content-type"]], [200, "text/event-stream"]);
  const [bye, ...rest] = await stream.rest();
  assert.deepEqual([partsOf(bye), rest], [["bye", { reason }, null], []]);
  assert.ok(Number(bye?.retry) >= 5_000, `a retry of ${bye?.retry}`);
}

/** The laws about a server that cannot answer. */
export const outageLaws: readonly Law[] = [
  ...lawsOf("8", ["drain", "lingering"], {
    async [`${UNAVAILABLE} — 503 of a server that shuts down`](guest) {
      await guest.server.drain();
      await expectUnavailable(guest, "draining");
    },
    async [`${NATIVE} — shutting down`](guest) {
      await guest.server.drain();
      await expectLongRetry(guest, "draining", "channel=rooms/tea");
    },
  }),
  ...lawsOf("8", ["breakLog"], {
    async [`${UNAVAILABLE} — 503 of a server whose log does not answer`](guest) {
      await guest.server.breakLog();
      await expectUnavailable(guest, "unavailable");
    },
    async [`${NATIVE} — the log does not answer`](guest) {
      await guest.server.breakLog();
      await expectLongRetry(guest, "limit", "channel=rooms/mute");
    },
  }),
  ...lawsOf("8", ["viewers"], {
    async "| 500 | `internal` | | — when the application fails while it checks the credentials"(guest) {
      await expectProblem(guest, [500, "internal"], "channel=rooms/tea", FAULTY);
    },
    async [`${NATIVE} — the application fails`](guest) {
      await expectLongRetry(guest, "limit", "channel=rooms/faulty", FAULTY);
    },
  }),
];
