import type { EventLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, onTestFinished } from "vitest";
import { contract } from "./leases/contract.ts";

// What hubs do while the clock of the server of their log jumps.

const HOUR = 3_600_000;
const KEPT = { age: 3 * HOUR };
const board = contract.board({ id: "lobby" });
const answer = contract.answer({ id: "a" });
const LEASE = { ttl: 1_000, aborted: { outcome: "aborted" } } as const;
const PAGE = { entries: 100, bytes: 1e6 };

/** A server whose clock the test sets. */
export interface JumpingServer {
  /** Opens another handle of one log. */
  readonly open: (options: { readonly keep: { readonly age: number } }) => Promise<EventLog>;
  /** From now on, the clock of the server is ahead by so many milliseconds; behind if it is negative. */
  readonly setClock: (ahead: number) => Promise<void>;
}

async function openHub({ open }: JumpingServer) {
  const log = await open({ keep: KEPT });
  const hub = createHub(contract, { log, authorize: () => true, onLog: () => {} });
  onTestFinished(() => hub.close());
  return { log, hub };
}

type Opened = Awaited<ReturnType<typeof openHub>>;

/** Follows the board from its beginning on. Notes the text of each event, and the kind of everything else. */
function follow({ hub }: Opened): string[] {
  const heard: string[] = [];
  const ending = new AbortController();
  const following = (async () => {
    for await (const item of hub.events(board, { after: null, signal: ending.signal })) {
      heard.push(item.kind === "event" && item.type === "line" ? item.data.text : item.kind);
    }
  })();
  onTestFinished(async () => {
    ending.abort();
    await following.catch(() => {});
  });
  return heard;
}

const dataOf = async ({ log }: Opened, path: string) =>
  (await log.recent([path], 100)).entries.map(({ data }) => data ?? "");

/**
 * Jumps by less than the age of what is kept: nothing is lost or repeated, and a lease stays with its writer, who is
 * fenced off all the same once another process has ended it.
 */
export async function expectUnharmed(server: JumpingServer, jump: number): Promise<void> {
  const [ada, bob] = [await openHub(server), await openHub(server)];
  const heard = follow(bob);
  const writer = await ada.hub.lease(answer, LEASE);
  const say = (text: string) => ada.hub.publish(board, "line", { text }, { idempotencyKey: text });
  for (const [text, ahead] of [
    ["before", 0],
    ["after", jump],
    ["back", 0],
  ] as const) {
    await server.setClock(ahead);
    await Promise.all([ada.log.trim(), bob.log.trim()]);
    expect(await say(text)).toMatchObject({ duplicate: false });
    await writer.publish("token", { text });
    await Promise.all([ada.log.trim(), bob.log.trim()]);
    expect(await say("before")).toMatchObject({ duplicate: true });
    // Longer than the lease.
    await new Promise((resolve) => setTimeout(resolve, 1.5 * LEASE.ttl));
    await expect(bob.hub.lease(answer, LEASE)).rejects.toMatchObject({ code: "taken" });
  }
  await expect.poll(() => heard).toEqual(["before", "after", "back"]);
  const tokens = ['{"text":"before"}', '{"text":"after"}', '{"text":"back"}'];
  expect(await dataOf(bob, answer.path)).toEqual(tokens);
  // The writer's hub is cut off from its log, and the clock of the log jumps at the same time.
  await ada.log.close();
  await server.setClock(jump);
  await expect.poll(() => dataOf(bob, answer.path)).toEqual([...tokens, '{"outcome":"aborted"}']);
  await expect(writer.publish("token", { text: "late" })).rejects.toMatchObject({ code: "lost" });
  await bob.log.trim();
  expect(await dataOf(bob, answer.path)).toEqual([...tokens, '{"outcome":"aborted"}']);
}

/** Jumps forward by more than the age of what is kept: that is gone, and whoever has not read it gets a gap. */
export async function expectToldOfAge(server: JumpingServer): Promise<void> {
  const [ada, bob] = [await openHub(server), await openHub(server)];
  const heard = follow(bob);
  const start = await ada.log.head();
  await ada.hub.publish(board, "line", { text: "old" });
  await expect.poll(() => heard).toEqual(["old"]);
  await server.setClock(4 * HOUR);
  await ada.log.trim();
  await ada.hub.publish(board, "line", { text: "in the future" });
  await server.setClock(0);
  await ada.log.trim();
  await ada.hub.publish(board, "line", { text: "new" });
  // Whoever was there has lost nothing.
  await expect.poll(() => heard).toEqual(["old", "in the future", "new"]);
  const page = await bob.log.read(start, [board.path], PAGE);
  expect(page.holes).toMatchObject([{ channel: board.path, reason: "trimmed" }]);
  expect(page.entries.map(({ data }) => data)).toEqual(['{"text":"in the future"}', '{"text":"new"}']);
}
