import { memoryLog } from "@tidings/log";
import { createHub, type HubRequest, type Sink } from "@tidings/server";
import { VirtualClock } from "@tidings/testing";
import { expect, test } from "vitest";
import { testContract } from "../../packages/contract/test/test-contract.ts";
import { LOBBY_STREAM } from "./hub-program-api.ts";
import { record } from "./long-run.ts";

// One machine cannot run so many clients, so time and sockets are a model. Each `retry` is from a real hub.

const CLIENTS = 100_000;
/** How many connections all servers together accept in a second. They refuse the others. */
const CAPACITY = 5_000;
/** Milliseconds of one step of the model. */
const STEP = 10;
/** The `Retry-After` of a refusal, in milliseconds. */
const RETRY_AFTER = 5_000;

/** Uniform in [0, 1), the same in every run. Source: the minimal standard generator of Park and Miller (1988). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** A stream without a socket. */
interface Stream {
  /** The last `retry` that the hub has sent, in milliseconds. */
  retry: number;
}

/** A hub without sockets. All clients have connected to it, as fast as the servers accept them. */
async function startHub(random: () => number) {
  const clock = new VirtualClock();
  const limits = { connections: Infinity };
  const hub = createHub(testContract, { log: memoryLog(), authorize: () => true, limits, clock, random });
  await clock.settle();
  const request: HubRequest = {
    method: "GET",
    url: LOBBY_STREAM,
    headers: { get: () => null },
    json: async () => null,
    signal: new AbortController().signal,
    raw: null,
  };
  const decoder = new TextDecoder();
  const open = async (): Promise<Stream> => {
    const answer = await hub.handle(request);
    if (!("open" in answer)) throw new Error(`Expected a stream, got ${answer.status}.`);
    const stream = { retry: 0 };
    const sink: Sink = {
      write(bytes) {
        const retry = /^retry: (\d+)\n/.exec(decoder.decode(bytes))?.[1];
        if (retry !== undefined) stream.retry = Number(retry);
        return true;
      },
      end() {},
    };
    answer.open(sink);
    return stream;
  };
  const streams: Stream[] = [];
  while (streams.length < CLIENTS) {
    for (let one = 0; one < CAPACITY; one++) streams.push(await open());
    await clock.advance(1_000);
  }
  return { hub, retries: () => streams.map(({ retry }) => retry) };
}

/**
 * All clients lose their streams at once and reconnect as PROTOCOL.md, section 9.2, says.
 * @param hasBye whether the streams end with a `bye`, whose `retry` spreads the clients; otherwise they just break
 */
function storm(retries: readonly number[], hasBye: boolean, random: () => number) {
  const due = new Map<number, number[]>();
  const failures = retries.map(() => 0);
  const connectAt = (client: number, time: number): void => {
    const step = Math.ceil(time / STEP);
    const others = due.get(step);
    if (others === undefined) due.set(step, [client]);
    else others.push(client);
  };
  const fail = (client: number, now: number, floor: number): void => {
    const retry = retries[client] ?? 0;
    const window = Math.min(30_000, retry * 2 ** (failures[client] ?? 0));
    failures[client] = (failures[client] ?? 0) + 1;
    connectAt(client, now + Math.max(retry, floor) + random() * window);
  };
  for (const [client, retry] of retries.entries()) {
    if (hasBye) connectAt(client, retry);
    else fail(client, 0, 0);
  }
  const perSecond = new Map<number, number>();
  let attempts = 0;
  let back = 0;
  let most99 = 0;
  let room = 0;
  for (let step = 0; back < retries.length; step++) {
    const now = step * STEP;
    room = Math.min(room + (CAPACITY * STEP) / 1_000, CAPACITY / 10);
    for (const client of due.get(step) ?? []) {
      const second = Math.floor(now / 1_000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      attempts++;
      if (room < 1) fail(client, now, RETRY_AFTER);
      else {
        room--;
        back++;
        if (back <= retries.length * 0.99) most99 = now;
      }
    }
    due.delete(step);
  }
  return { attempts: attempts / retries.length, peak: Math.max(...perSecond.values()), most99 };
}

test(`${CLIENTS} clients that lose their streams at once are spread by retry: few are refused`, async () => {
  const random = seeded(20_261_122);
  const { hub, retries } = await startHub(random);
  const broken = retries();
  await hub.close();
  const afterBye = retries();

  for (const [loss, hasBye, all] of [
    ["streams that break", false, broken],
    ["a hub that stops", true, afterBye],
  ] as const) {
    const { attempts, peak, most99 } = storm(all, hasBye, random);
    record(`reconnect storm (model), ${loss}`, {
      clients: all.length,
      "attempts each": attempts.toFixed(3),
      "peak per second": peak,
      "99 % back": `${(most99 / 1_000).toFixed()} s`,
    });
    expect(attempts).toBeLessThanOrEqual(1.1);
    expect(peak).toBeLessThanOrEqual(1.2 * CAPACITY);
    expect(most99).toBeLessThan(60_000);
  }
}, 120_000);
