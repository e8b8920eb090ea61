import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HubResponse } from "@tidings/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { createApp } from "./app.ts";
import { openDatabase } from "./database.ts";
import { COOKIE, createSessions } from "./sessions.ts";

const SECRET = "for tests only";

test("a person who cannot be added because too much waits to be written gets 503, not 500", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tidings-authentication-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.spyOn(console, "error").mockReturnValue();
  onTestFinished(() => void vi.restoreAllMocks());
  const path = join(folder, "chat.db");
  const app = createApp({ secret: SECRET, database: path });
  onTestFinished(() => app.close());
  // While another program writes, everything waits.
  const other = openDatabase(path);
  onTestFinished(() => other.close());
  other.exec("begin immediate");

  const sessions = createSessions({ secret: SECRET, hasEnded: () => false });
  const ask = (name: string): Promise<HubResponse> =>
    app.hub.handle({
      method: "GET",
      url: "/events?channel=rooms&protocol=1",
      headers: new Headers({ cookie: `${COOKIE}=${encodeURIComponent(sessions.begin(name))}` }),
      json: async () => null,
      signal: new AbortController().signal,
      raw: null,
    });
  // One writes, and 256 may wait.
  const waiting = Array.from({ length: 257 }, (_, index) => ask(`person ${index}`));
  const refused = await ask("one too many");
  expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "5"]);
  other.exec("rollback");
  const statuses = await Promise.all(waiting.map(async (answer) => (await answer).status));
  expect(new Set(statuses)).toEqual(new Set([200]));
});
