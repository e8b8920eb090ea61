import assert from "node:assert/strict";
import type { ChunkBatch } from "../../packages/ai/src/index.ts";
import { ai } from "../../packages/ai/test/contract.ts";
import { faultStories } from "./fault-stories.ts";
import { word } from "./word.ts";
import { chat, Model, run, World } from "./world.ts";

const FINISHED = { outcome: "finished", reason: null } as const;

/** What happens, and what has to come of it. Each throws what is wrong. */
const told: Readonly<Record<string, (world: World) => Promise<void>>> = {
  async "the log has the beginning of a run before the chat names it"(world) {
    await world.start(new Model().produce);
    assert.deepEqual(typesOf(await world.written(chat.path, run.path)), ["chunks", "activeRun"]);
  },

  async "what the log refuses for a moment comes later, with the numbers that readers expect"(world) {
    const model = new Model();
    await world.start(model.produce);
    let refusals = 0;
    world.isRefused = (batch) => batch.some(({ type }) => type === "chunks") && refusals++ < 2;
    model.say("Tea ", "is ");
    await world.clock.advance(5_000);
    model.say("hot.");
    model.finish();
    await world.clock.advance(1_000);
    const written = await world.written(run.path);
    assert.deepEqual(numbersOf(written), [0, 0, 2]);
    assert.deepEqual(written.at(-1), { type: "end", data: FINISHED });
  },

  async "a model that says with a chunk that it has failed has not finished"(world) {
    await world.start(async function* () {
      yield { type: "error" };
    });
    await world.clock.advance(1_000);
    assert.deepEqual((await world.written(run.path)).at(-1)?.data, { outcome: "failed", reason: null });
  },

  async "a run that is over tells its model nothing more"(world) {
    const model = new Model();
    await world.start(model.produce);
    model.finish();
    await world.clock.advance(700_000);
    assert.equal(model.signal.aborted, false);
  },

  async "after a stop, the chat names no run: the application has saved the answer"(world) {
    const model = new Model();
    const { ended } = await world.start(model.produce);
    await world.hub.stop(chat);
    model.finish();
    await world.settled(ended);
    assert.deepEqual(await world.written(chat.path), [{ type: "activeRun", data: { runId: null } }]);
    assert.equal(await world.reconnect(), null);
  },

  async "what a page has not taken yet is one chunk"(world) {
    const model = new Model();
    await world.start(model.produce);
    const reader = (await world.reconnect())?.getReader();
    for (const text of ["Tea ", "is ", "hot."]) {
      model.say(text);
      await world.clock.advance(200);
    }
    assert.deepEqual((await reader?.read())?.value, word("Tea is hot."));
    await reader?.cancel();
  },

  async "a run of several pages is read once, also while it goes on"(world) {
    await world.hub.publish(chat, "activeRun", { runId: "r" });
    let text = "";
    for (let first = 0; first < 1_200; first++) {
      await world.hub.publish(run, "chunks", { first, chunks: [word(`${first} `)] });
      text += `${first} `;
    }
    const reader = (await world.reconnect())?.getReader();
    assert.deepEqual((await reader?.read())?.value, word(text));
    await world.hub.publish(run, "chunks", { first: 1_200, chunks: [word("hot.")] });
    await world.hub.end(run, FINISHED);
    assert.deepEqual((await world.settled(reader?.read() ?? Promise.reject(new Error("nothing")))).value, word("hot."));
  },

  async "a run that has ended well is not read again, although the chat still names it"(world) {
    await world.hub.publish(chat, "activeRun", { runId: "r" });
    await world.hub.publish(run, "chunks", { first: 0, chunks: [] });
    await world.hub.end(run, FINISHED);
    assert.equal(await world.reconnect(), null);
    // Nothing is followed any more.
    assert.equal(world.hub.stats().channels, 0);
  },

  async "whoever starts a run that another process does not begin is not held for ever"(world) {
    await world.hub.lease(run, { ttl: 600_000, aborted: { outcome: "aborted", reason: null } });
    const { isNew } = await world.settled(world.start(new Model().produce));
    assert.equal(isNew, false);
  },

  async "after large chunks, the small ones of 50 ms are one event again"(world) {
    const model = new Model();
    await world.start(model.produce);
    for (const text of ["x", "y", "z"]) {
      model.say(text.repeat(10_000));
      await world.clock.advance(100);
    }
    model.say("a");
    await world.clock.advance(10);
    model.say("b", "c");
    await world.clock.advance(100);
    const sizes = (await world.written(run.path)).map(({ data }) => (data as ChunkBatch).chunks.length);
    assert.deepEqual(sizes, [0, 1, 1, 1, 1, 2]);
  },

  async "a run of TanStack AI is read after an offset that this process has not seen yet"(world) {
    const writer = await world.stream();
    const append = (...names: readonly string[]) =>
      world.settled(writer.append(names.map((delta) => word(delta) as never)));
    await append("0", "1");
    const offsets: string[] = [];
    const reading = (async () => {
      for await (const { offset } of (await world.stream("3")).read("3")) offsets.push(offset);
    })();
    await world.clock.advance(1_000);
    await append("2", "3", "4", "5");
    await world.settled(writer.close());
    await world.settled(reading);
    assert.deepEqual(offsets, ["4", "5"]);
  },

  async "the offset of chunks that were joined is that of the last one"(world) {
    const writer = await world.stream();
    await world.settled(writer.append(["0", "1", "2"].map((delta) => word(delta) as never)));
    await world.settled(writer.close());
    const read = async (after: string) => {
      const found: { readonly offset: string; readonly chunk: unknown }[] = [];
      for await (const each of (await world.stream(after)).read(after)) found.push(each);
      return found;
    };
    assert.deepEqual(await world.settled(read("-1")), [{ offset: "2", chunk: word("012") }]);
    assert.deepEqual(await world.settled(read("2")), []);
  },

  async "a run whose chat is busy is over for those who read it"(world) {
    await world.start(new Model().produce);
    const other = ai.run({ chatId: "c", runId: "s" });
    await assert.rejects(world.settled(world.start(new Model().produce, other)));
    assert.deepEqual((await world.written(other.path)).at(-1)?.data, { outcome: "aborted", reason: null });
  },

  async "a chunk that cannot be stored is an error for the readers of TanStack AI"(world) {
    const writer = await world.stream();
    await assert.rejects(world.settled(writer.append([word("x".repeat(70_000)) as never])));
    await world.settled(writer.close());
    const types: string[] = [];
    const reading = (async () => {
      for await (const { chunk } of (await world.stream("-1")).read("-1")) types.push(chunk.type);
    })();
    await world.settled(reading);
    assert.deepEqual(types, ["RUN_ERROR"]);
  },

  ...faultStories,
};

function typesOf(written: readonly { readonly type: string }[]): string[] {
  return written.map(({ type }) => type);
}

function numbersOf(written: readonly { readonly type: string; readonly data: unknown }[]): number[] {
  return written.filter(({ type }) => type === "chunks").map(({ data }) => (data as ChunkBatch).first);
}

export const names: readonly string[] = Object.keys(told);

/** What is wrong with a story; null if nothing is. */
export async function faultOf(name: string): Promise<unknown> {
  const world = new World();
  try {
    await told[name]?.(world);
    return null;
  } catch (error) {
    return error;
  } finally {
    await world.close();
  }
}
