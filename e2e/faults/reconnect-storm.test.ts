import { memoryLog } from "@tidings/log";
import { createHub, type Clock, type HubRequest, type Sink } from "@tidings/server";
import { expect, test } from "vitest";
import { record } from "./long-run.ts";
import { chat, LOBBY } from "./served-chat.ts";

// A storm of this size has no place on one machine, so time and sockets are a model; each `retry` is one that a hub has given.

const CLIENTS = 100_000;
/** Streams that stand for all that were opened while all others were open. */
const SAMPLE = 20_000;
/** Connections that the servers together take in a second; who comes beyond that is refused. */
const CAPACITY = 5_000;
/** Milliseconds of one step of the model. */
const STEP = 10;
/** What a refusal asks for, in milliseconds. */
const RETRY_AFTER = 5_000;

/** Time that stands still: nothing here waits for any. */
const still: Clock = { now: () => 0, setTimeout: () => () => {}, defer: () => {} };

/** Uniform in [0, 1), the same in every run: the minimal generator of Park and Miller. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** A hub with no sockets, and what opens a stream of it. */
function startHub(random: () => number) {
  const limits = { connections: Infinity };
  const hub = createHub(chat, { log: memoryLog(), authorize: () => true, limits, clock: still, random });
  const request: HubRequest = {
    method: "GET",
    url: LOBBY,
    headers: { get: () => null },
    json: async () => null,
    signal: new AbortController().signal,
  };
  return {
    close: () => hub.close(),
    /** The `retry` that the stream is given, and its control. */
    async open() {
      const answer = await hub.handle(request);
      if (!("open" in answer)) throw new Error(`Expected a stream, got ${answer.status}.`);
      let hello = "";
      const sink: Sink = {
        write(bytes) {
          hello ||= new TextDecoder().decode(bytes);
          return true;
        },
        end() {},
      };
      const control = answer.open(sink);
      return { control, retry: Number(/^retry: (\d+)\n/.exec(hello)?.[1]) };
    },
  };
}

/** All lose their streams at once and come back as PROTOCOL.md says, section 9.2. */
function storm(retries: readonly number[], random: () => number) {
  const due = new Map<number, number[]>();
  const failures = retries.map(() => 0);
  const waitFrom = (now: number, client: number, floor: number): void => {
    const base = retries[client] ?? 0;
    const wait = Math.max(base, floor) + random() * Math.min(30_000, base * 2 ** (failures[client] ?? 0));
    failures[client] = (failures[client] ?? 0) + 1;
    const step = Math.ceil((now + wait) / STEP);
    const others = due.get(step);
    if (others === undefined) due.set(step, [client]);
    else others.push(client);
  };
  for (const client of retries.keys()) waitFrom(0, client, 0);
  const perSecond = new Map<number, number>();
  let attempts = 0;
  let back = 0;
  let most99 = 0;
  let room = 0;
  for (let step = 0; back < retries.length; step++) {
    room = Math.min(room + (CAPACITY * STEP) / 1_000, CAPACITY / 10);
    for (const client of due.get(step) ?? []) {
      const second = Math.floor((step * STEP) / 1_000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      attempts++;
      if (room < 1) {
        waitFrom(step * STEP, client, RETRY_AFTER);
        continue;
      }
      room--;
      back++;
      if (back <= retries.length * 0.99) most99 = step * STEP;
    }
    due.delete(step);
  }
  return { attempts: attempts / retries.length, peak: Math.max(...perSecond.values()), most99 };
}

test(`${CLIENTS} clients that lose their streams at once are spread by the retry of each: hardly one is refused`, async () => {
  const random = seeded(20_261_122);
  const hub = startHub(random);
  const first = [];
  for (let client = 0; client < CLIENTS; client++) first.push(await hub.open());
  // Those who came while few were there were told to spread less. Every stream comes anew within its max age.
  const steady: number[] = [];
  for (const { control } of first.slice(0, SAMPLE)) {
    control.closed();
    steady.push((await hub.open()).retry);
  }
  await hub.close();

  const afterRamp = storm(
    first.map(({ retry }) => retry),
    random,
  );
  const later = storm(
    Array.from({ length: CLIENTS }, (_, client) => steady[client % SAMPLE] ?? 0),
    random,
  );
  record("reconnect storm (model)", {
    clients: CLIENTS,
    "attempts each": later.attempts.toFixed(3),
    "peak per second": later.peak,
    "99 % back": `${(later.most99 / 1_000).toFixed()} s`,
    "attempts each, streams all new": afterRamp.attempts.toFixed(3),
  });
  expect(later.attempts).toBeLessThanOrEqual(1.1);
  expect(later.peak).toBeLessThanOrEqual(1.2 * CAPACITY);
  expect(later.most99).toBeLessThan(60_000);
  expect(afterRamp.attempts).toBeLessThanOrEqual(1.1);
}, 120_000);
