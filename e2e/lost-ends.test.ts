import { channel, defineContract } from "@tidings/contract";
import type { ReaderItem } from "@tidings/server";
import { createTestKit } from "@tidings/testing";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { MemoryStore } from "./simulation/memory-store.ts";
import { randomOf } from "./simulation/random.ts";

const contract = defineContract({
  answer: channel("answers/:id", { word: z.string() }, { end: z.object({ words: z.number() }) }),
  room: channel("rooms/:id", { message: z.string() }),
});
const answer = contract.answer({ id: "a" });
const room = contract.room({ id: "lobby" });

/** A kit on a log that can fail over. */
async function openKit() {
  let now = (): number => 0;
  const limits = { kept: 1_000, keptBytes: 1_000_000, age: 3_600_000 };
  const log = await MemoryStore.open({ ...limits, now: () => now(), random: randomOf(1) });
  const kit = await createTestKit(contract, { log });
  onTestFinished(() => kit[Symbol.asyncDispose]());
  now = () => kit.clock.now();
  /** The log loses its newest entries. */
  const failOver = async (lost: number) => {
    await log.failOver(lost, () => {});
    await kit.clock.advance(5_000);
  };
  return Object.assign(kit, { failOver });
}

type Kit = Awaited<ReturnType<typeof openKit>>;

function follow({ client }: Pick<Kit, "client">, after?: string): string[] {
  const heard: string[] = [];
  client.subscribe(
    answer,
    {
      word: (word) => void heard.push(word),
      onEnd: ({ words }) => void heard.push(`end after ${words}`),
      onGap: ({ reason }) => void heard.push(`gap: ${reason}`),
      onClose: (reason) => void heard.push(`closed: ${reason}`),
    },
    after === undefined ? {} : { after },
  );
  return heard;
}

function readOnServer({ hub }: Kit, after?: string): string[] {
  const heard: string[] = [];
  const note = (item: ReaderItem<typeof contract, "answer" | "room">): string => {
    if (item.kind === "event") return `${item.name}: ${item.data}`;
    if (item.kind === "end") return `${item.name}: end after ${item.data.words}`;
    return item.kind === "gap" ? `${item.name}: gap, ${item.reason}` : item.kind;
  };
  void (async () => {
    for await (const item of hub.events([answer, room], after === undefined ? {} : { after })) heard.push(note(item));
  })();
  return heard;
}

test("after a failover has taken an end, those who have seen it get a gap, and all others what follows", async () => {
  const kit = await openKit();
  const live = follow(kit);
  const away = kit.connect({ id: "away" });
  const late = follow({ client: away });
  const loop = readOnServer(kit);
  await kit.clock.advance(2_000);
  const { id: first } = await kit.hub.publish(answer, "word", "a");
  await kit.clock.advance(1_000);
  const { id: end } = await kit.hub.end(answer, { words: 1 });
  await kit.clock.advance(1_000);
  expect(live).toEqual(["a", "end after 1", "closed: ended"]);
  expect(late).toEqual(live);
  expect(loop).toEqual(["answer: a", "answer: end after 1"]);

  await kit.failOver(1);
  // The address goes on, and ends again.
  const hasSeen = follow(kit, end);
  const hasNotSeen = follow({ client: away }, first);
  const loopThatHasNot = readOnServer(kit, first);
  await kit.clock.advance(2_000);
  await kit.hub.publish(answer, "word", "b");
  await kit.hub.publish(room, "message", "hello");
  await kit.clock.advance(2_000);
  await kit.hub.end(answer, { words: 2 });
  await kit.clock.advance(2_000);
  expect(hasSeen).toEqual(["gap: lost", "b", "end after 2", "closed: ended"]);
  expect(hasNotSeen).toEqual(["b", "end after 2", "closed: ended"]);
  expect(loopThatHasNot).toEqual(["answer: b", "room: hello", "answer: end after 2"]);
  // The loop was over with this address, and a gap says that the end is gone.
  expect(loop).toEqual([
    "answer: a",
    "answer: end after 1",
    "answer: gap, lost",
    "room: gap, lost",
    "answer: b",
    "room: hello",
    "answer: end after 2",
  ]);
  await expect(kit.hub.publish(answer, "word", "late")).rejects.toMatchObject({ code: "ended" });
});
