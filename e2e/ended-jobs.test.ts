import { setFlagsFromString } from "node:v8";
import { createClient } from "@tidings/client";
import { channel, defineContract, latest } from "@tidings/contract";
import { peopleChannel, serversChannel } from "@tidings/contract/presence";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { createPresence } from "@tidings/server/presence";
import { MemoryNetwork, VirtualClock } from "@tidings/testing";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { bytesKeptPerRound } from "./used-bytes.ts";

// Compiled code comes and goes, and would be more than what is measured.
for (const flag of ["--no-opt", "--no-sparkplug", "--no-flush-bytecode"]) setFlagsFromString(flag);

const MINUTE = 60_000;
/** Retention, the memory of idempotency keys and requests to stop: after that, nothing of a job is left. */
const FORGOTTEN = 13 * MINUTE;
/** How many bytes count as nothing: an entry of a map with a path takes more. */
const NOTHING = 48;
/** How many jobs run between two measurements: more than the ring and the log may remember something of. */
const JOBS = 100;

const contract = defineContract({
  job: channel(
    "jobs/:id",
    { line: z.string(), percent: latest(z.number()) },
    { end: z.string(), snapshot: z.array(z.string()) },
  ),
  people: peopleChannel("jobs/:id/people", z.object({ isTyping: z.boolean() })),
  servers: serversChannel("servers"),
});

/** A viewer who may read every job. */
const WATCHER = "watcher";
const HANDLERS = { snapshot: () => {}, onGap: () => {} };

/** A hub with presence, and jobs that come and go. */
function startHub() {
  const clock = new VirtualClock();
  const network = new MemoryNetwork();
  // The addresses of presence have no end, so a log remembers how far some of them were trimmed.
  const log = memoryLog({ now: clock.now, keep: { emptyChannels: 16 } });
  const hub = createHub(contract, {
    log,
    clock,
    keep: { default: { age: MINUTE } },
    // Otherwise the ring would still be filling.
    limits: { ringEntries: 64, connectionsPerViewer: 4 },
    authenticate: ({ headers }) => ({ id: headers.get("x-user") ?? "nobody" }),
    authorize: ({ params, viewer }) => ("id" in params ? [params.id, WATCHER].includes(viewer.id) : true),
    snapshot: { job: async () => ["state"] },
    onConnect: (stream) => presence.connect(stream),
    onDisconnect: (stream) => presence.disconnect(stream),
    onLog: () => {},
  });
  const presence = createPresence(hub, { contract, servers: contract.servers(), clock, onError: () => {} });
  network.listener = (request) => hub.handle(request);

  const connect = (viewer: string) =>
    createClient(contract, {
      url: "http://app.test/events",
      headers: { "x-user": viewer },
      fetch: (url, init) => network.fetch(url, init),
      clock,
      random: () => 0.5,
      onError: () => {},
    });

  /** A page that stays open, and follows every job. */
  const page = connect(WATCHER);
  let ends = 0;

  /** A job with everything that a hub may remember of it: a writer, a stop, readers, one that is refused, a person. */
  async function runJob(id: string): Promise<void> {
    const [job, people] = [contract.job({ id }), contract.people({ id })];
    const client = connect(id);
    client.subscribe(job, HANDLERS);
    client.subscribe(people, { onGap: () => {} });
    const stranger = connect(`stranger of ${id}`);
    stranger.subscribe(job, HANDLERS);
    page.subscribe(job, { ...HANDLERS, onEnd: () => void ends++ });
    const items = hub.events(job);
    const reading = (async () => {
      for await (const item of items) if (item.kind === "end") return;
    })();
    await clock.advance(100);
    const writer = await hub.lease(job, { ttl: 5_000, aborted: "aborted" });
    await writer.publish("line", "a");
    await writer.publish("percent", 50);
    await hub.publish(job, "line", "b", { idempotencyKey: id });
    await presence.update(people, id, { isTyping: true });
    await client.history(job, { last: 5 });
    await hub.stop(job, "enough");
    await clock.advance(100);
    await writer.end("done");
    await clock.advance(100);
    await reading;
    client.close();
    stranger.close();
  }

  async function close(): Promise<void> {
    page.close();
    const closing = presence.close();
    await clock.advance(5_000);
    await closing;
    await Promise.all([hub.close(), clock.advance(MINUTE)]);
  }
  return { hub, clock, log, network, runJob, close, ends: () => ends };
}

test(
  "jobs that have ended and are forgotten leave nothing in the memory of a process",
  { timeout: 300_000 },
  async () => {
    const { hub, clock, log, network, runJob, close, ends } = startHub();
    onTestFinished(close);
    let next = 0;
    const kept = await bytesKeptPerRound(async () => {
      for (let job = 0; job < JOBS; job++) await runJob(`job-${next++}`);
      await clock.advance(FORGOTTEN);
    }, 9);
    expect(ends()).toBe(next);
    const { connections, channels, ring } = hub.stats();
    expect({ connections, channels, requests: network.open.size }).toEqual({
      connections: 0,
      channels: 0,
      requests: 0,
    });
    expect(ring.entries).toBeLessThanOrEqual(64);
    expect((await log.stat()).entries).toBe(0);
    expect(kept / JOBS).toBeLessThan(NOTHING);
  },
);
