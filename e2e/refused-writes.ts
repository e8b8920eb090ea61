import type { EventLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { expect, onTestFinished } from "vitest";
import { openStream } from "./open-stream.ts";
import { contract } from "./leases/contract.ts";

// What a hub does while the server of its log answers, but takes no writes.

const board = contract.board({ id: "lobby" });
const URL = `http://hub.example/events?protocol=1&channel=${board.path}`;
/** A refusal and the first success afterwards wait for nothing. A busy machine has this long, in milliseconds. */
const AT_ONCE = 3_000;
const PATIENT = { timeout: 30_000, interval: 20 };

/** Why a server takes no writes, and how that begins and ends. */
export interface Refusal {
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
  /** What the error of a publish says. */
  readonly reason: string;
}

type Handle = ReturnType<typeof toFetchHandler>;

/** Asks for the newest events as a page. */
async function readPage(handle: Handle): Promise<string> {
  const response = await handle(new Request(`${URL}&last=5`, { headers: { accept: "application/json" } }));
  return `${response.status} ${await response.text()}`;
}

/**
 * A publish fails at once and says why, and nothing of it is stored. Streams go on, new ones begin, and pages are
 * answered. The first publish afterwards succeeds, and every stream gets it.
 */
export async function expectClearRefusals(log: EventLog, { begin, end, reason }: Refusal): Promise<void> {
  const hub = createHub(contract, { log, authorize: () => true, onLog: () => {} });
  onTestFinished(() => hub.close());
  const handle = toFetchHandler(hub);
  const streams = await Promise.all([openStream(handle, URL), openStream(handle, URL), openStream(handle, URL)]);
  const say = (text: string) => hub.publish(board, "line", { text }, { idempotencyKey: text });
  await say("before");

  await begin();
  onTestFinished(end);
  for (const text of ["refused", "refused again"]) {
    const asked = performance.now();
    const refused = say(text);
    await expect(refused).rejects.toMatchObject({ name: "AppendError", outcome: "none" });
    await expect(refused).rejects.toThrow(reason);
    expect(performance.now() - asked).toBeLessThan(AT_ONCE);
  }
  streams.push(await openStream(handle, URL));
  expect(await readPage(handle)).toMatch(/^200 .*"before"/);

  await end();
  const back = performance.now();
  await say("after");
  expect(performance.now() - back).toBeLessThan(AT_ONCE);
  await expect.poll(() => streams.every(({ text }) => text.includes('"after"')), PATIENT).toBe(true);
  for (const { text } of streams) expect(text).not.toMatch(/refused|event: (gap|bye)/);
  expect(await readPage(handle)).not.toContain("refused");
}
