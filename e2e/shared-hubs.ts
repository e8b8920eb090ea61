import { channel, defineContract } from "@tidings/contract";
import type { EventLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, onTestFinished } from "vitest";
import { z } from "zod";

// Hubs that share a log in a server. Each stands for a process of a cluster.

const contract = defineContract({
  room: channel("rooms/:roomId", { said: z.object({ text: z.string(), at: z.number() }) }),
});
export const room = contract.room({ roomId: "lobby" });

/** A hub, until the test has finished. */
export function openHub(log: EventLog) {
  const hub = createHub(contract, { log, authorize: () => true, onLog: () => {} });
  onTestFinished(() => hub.close());
  return hub;
}

export type Hub = ReturnType<typeof openHub>;

interface Follower {
  readonly hub: Hub;
  /** Called for each event with the time at which it was published. */
  readonly onSaid?: (at: number) => void;
}

/** Follows the room from now on. Notes everything as a text. */
function follow({ hub, onSaid = () => {} }: Follower): string[] {
  const seen: string[] = [];
  const ending = new AbortController();
  const read = async (): Promise<void> => {
    for await (const item of hub.events(room, { signal: ending.signal })) {
      if (item.kind === "event") onSaid(item.data.at);
      seen.push(item.kind === "event" ? item.data.text : item.kind);
    }
  };
  const reading = read().catch((error: unknown) => seen.push(String(error)));
  onTestFinished(async () => {
    ending.abort();
    await reading;
  });
  return seen;
}

/**
 * Follows the room with each hub, and resolves when each gets what is published. A loop begins at the head that its own
 * hub has read, so another hub may still publish events that the loop does not get.
 */
export async function followWithEach(followers: readonly [Follower, ...Follower[]]): Promise<string[][]> {
  const loops = followers.map(follow);
  const [{ hub }] = followers;
  let tries = 0;
  const publishAgain = async (): Promise<boolean> => {
    await publish(hub, `try ${++tries}`);
    return loops.every(({ length }) => length > 0);
  };
  await expect.poll(publishAgain).toBe(true);
  await publish(hub, "everybody follows");
  await expect.poll(() => loops.every((seen) => seen.at(-1) === "everybody follows")).toBe(true);
  for (const seen of loops) seen.length = 0;
  return loops;
}

/** Publishes until it succeeds. */
export async function publish(hub: Hub, text: string): Promise<void> {
  for (;;) {
    try {
      await hub.publish(room, "said", { text, at: performance.now() }, { idempotencyKey: text });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Publishes for a second. Each publisher waits for its event before the next one. Returns the number of events. */
async function publishTogether(hub: Hub, publishers: number): Promise<number> {
  const end = performance.now() + 1_000;
  let count = 0;
  const repeat = async (): Promise<void> => {
    for (; performance.now() < end; count++) await hub.publish(room, "said", { text: "hi", at: 0 });
  };
  await Promise.all(Array.from({ length: publishers }, repeat));
  return count;
}

/**
 * Compares 16 publishers of a hub with one of them, in turns.
 *
 * @param countCommits how many appends the server has carried out so far
 * @returns how many commits an event costs with 16 publishers, where one publisher needs one
 */
export async function commitsOfSixteen(hub: Hub, countCommits: () => Promise<number>): Promise<number> {
  const measure = async (publishers: number) => {
    const before = await countCommits();
    const count = await publishTogether(hub, publishers);
    return { count, perEvent: ((await countCommits()) - before) / count };
  };
  await measure(16);
  const [rates, commits]: [number[], number[]] = [[], []];
  for (let round = 0; round < 3; round++) {
    const [many, one] = [await measure(16), await measure(1)];
    rates.push(many.count / one.count);
    commits.push(many.perEvent / one.perEvent);
  }
  // What it saves in time depends on what else the machine does.
  console.log(`16 publishers of a hub: ${median(rates).toFixed(1)} times the rate of one.`);
  return median(commits);
}

/** Publishes with pauses. Returns how long an event takes to a loop of another hub, compared with one of the same. */
export async function delayBetween(hub: Hub, other: Hub): Promise<number> {
  const [same, across]: [number[], number[]] = [[], []];
  const loops = await followWithEach([
    { hub, onSaid: (at) => same.push(performance.now() - at) },
    { hub: other, onSaid: (at) => across.push(performance.now() - at) },
  ]);
  for (let n = 0; n < 100; n++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    await publish(hub, `${n}`);
  }
  await expect.poll(() => loops.map(({ length }) => length)).toEqual([100, 100]);
  console.log(`Delivered after ${median(same).toFixed(1)} ms in a process, ${median(across).toFixed(1)} ms across.`);
  return median(across) / median(same);
}
