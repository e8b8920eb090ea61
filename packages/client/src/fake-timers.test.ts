import { afterEach, expect, test, vi } from "vitest";
import { chat, inbox, watch } from "../test/client-kit.ts";
import { FakeServer } from "../test/fake-server.ts";
import { createClient } from "./create-client.ts";

afterEach(() => vi.useRealTimers());

/** A client with the runtime's own clock, which becomes a fake one only after the client was created. */
function followOnFakeTimers() {
  const server = new FakeServer();
  const client = createClient(chat, { url: "/events", fetch: server.fetch, onError: () => {} });
  const seen = watch(client.status);
  vi.useFakeTimers();
  client.subscribe(inbox, { onGap: () => {} });
  return { server, seen, client };
}

test("a client goes by fake timers that come after it", async () => {
  const { server, seen, client } = followOnFakeTimers();
  await vi.advanceTimersByTimeAsync(0);
  server.stream.live("e.1");
  await vi.advanceTimersByTimeAsync(37_000);
  expect(seen).toEqual(["idle", "connecting", "live"]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(seen.at(-1)).toBe("retrying: timeout");
  client.close();
  expect(vi.getTimerCount()).toBe(0);
});

test("running all timers at once ends, however the client stands", async () => {
  const { server, seen, client } = followOnFakeTimers();
  vi.runAllTimers();
  await vi.advanceTimersByTimeAsync(0);
  server.stream.live("e.1");
  await vi.advanceTimersByTimeAsync(0);
  vi.runAllTimers();
  expect(seen.at(-1)).toBe("retrying: timeout");
  vi.runAllTimers();
  client.close();
});
