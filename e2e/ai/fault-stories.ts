import assert from "node:assert/strict";
import type { ChunkBatch } from "../../packages/ai/src/index.ts";
import { ai } from "../../packages/ai/test/contract.ts";
import { chat, Model, run, type World } from "./world.ts";

const STOPPED = { outcome: "stopped", reason: "enough" };

/** Answers that somebody stops early, and answers on a log, a network or a process that fails. */
export const faultStories: Readonly<Record<string, (world: World) => Promise<void>>> = {
  async "a run that is stopped before the request that starts it has come ends as stopped"(world) {
    await world.hub.stop(run, "enough");
    await world.clock.advance(5_000);
    const model = new Model();
    const { ended } = await world.settled(world.start(model.produce));
    assert.equal(model.signal.aborted, true);
    await world.settled(ended);
    assert.deepEqual((await world.written(run.path)).at(-1)?.data, STOPPED);
    assert.deepEqual(await world.written(chat.path), [{ type: "activeRun", data: { runId: null } }]);
  },

  async "a chat that is stopped while its run is just beginning stops that run, and not the next one"(world) {
    await world.clock.advance(0);
    const model = new Model();
    const starting = world.start(model.produce);
    // In the middle of the start: neither the run nor the chat has a writer yet.
    world.beforeAppend = async (batch) => {
      if (!batch.some(({ key }) => key === run.path)) return;
      world.beforeAppend = async () => {};
      await world.hub.stop(chat, "enough");
    };
    const { ended } = await world.settled(starting);
    assert.equal(model.signal.aborted, true);
    await world.settled(ended);
    assert.deepEqual((await world.written(run.path)).at(-1)?.data, STOPPED);
    await world.hub.stop(chat, "too late");
    const next = new Model();
    await world.settled(world.start(next.produce, ai.run({ chatId: "c", runId: "s" })));
    assert.equal(next.signal.aborted, false);
  },

  async "chunks whose answer or whose request gets lost on the way to the log are there once, and so is the end"(
    world,
  ) {
    const model = new Model();
    await world.start(model.produce);
    world.losses.push("answer", "request", "answer", "answer", "request", "request", "answer");
    for (const text of WORDS) {
      model.say(text);
      await world.clock.advance(500);
    }
    world.losses.push("answer", "request", "answer", "request");
    model.finish();
    await world.clock.advance(5_000);
    const written = await world.written(run.path);
    assert.equal(textOf(written), WORDS.join(""));
    assert.deepEqual(
      written.filter(({ type }) => type === "end").map(({ data }) => data),
      [{ outcome: "finished", reason: null }],
    );
    assert.deepEqual(world.losses, []);
    assert.deepEqual(world.errors, []);
  },

  async "a page of the AI SDK whose connection is cut between two chunks, and within them, shows every word once"(
    world,
  ) {
    const model = new Model();
    await world.start(model.produce);
    model.begin();
    model.say("Tea ");
    const page = world.open();
    const reading = page.resumeStream();
    await world.clock.advance(1_000);
    let requests = 0;
    world.network.onOpen = () => void requests++;
    for (const [index, text] of WORDS.entries()) {
      // At another byte each time: before a frame, in the middle of one, behind it.
      world.cut(index * 37);
      model.say(text);
      // Long enough for the longest wait of the client, or so short that the next cut comes before it is back.
      await world.clock.advance(index % 3 === 0 ? 20 : 40_000);
    }
    await world.clock.advance(40_000);
    model.finish();
    await world.settled(reading);
    assert.ok(requests >= 6, `Expected the page to come back again and again, got ${requests} requests.`);
    assert.equal(page.answer, `Tea ${WORDS.join("")}`);
    assert.equal(page.status, "ready");
    assert.ok(page.shown.every((shown) => page.answer.startsWith(shown)));
  },

  async "a run that ends while its reader is away is whole for that reader"(world) {
    const model = new Model();
    await world.start(model.produce);
    model.begin();
    const page = world.open();
    const reading = page.resumeStream();
    await world.clock.advance(500);
    world.cut(0);
    model.say(...WORDS);
    model.finish();
    await world.settled(reading);
    assert.deepEqual([page.answer, page.status], [WORDS.join(""), "ready"]);
  },

  async "a hub that closes before its model does tells nobody of an error"(world) {
    const { ended } = await world.start(() => new Promise(() => {}));
    const other = world.startOther();
    // The run takes up to two seconds to end.
    await world.settled(world.hub.close());
    await world.settled(ended);
    assert.deepEqual(world.errors, []);
    assert.deepEqual((await world.written(run.path)).at(-1)?.data, { outcome: "aborted", reason: null });
    await other.hub.close();
  },

  async "a process that dies between the chat and the run leaves the chat free, and the run ends as aborted"(world) {
    const model = new Model();
    await world.start(model.produce);
    model.say("Tea ");
    await world.clock.advance(500);
    world.beforeAppend = (batch) => {
      // From here on, nothing of this process reaches the log.
      return batch.some(({ channel, type }) => channel === run.path && type === "end")
        ? world.die()
        : Promise.resolve();
    };
    model.finish();
    await world.clock.advance(500);
    const other = world.startOther();
    assert.equal((await other.hub.lease(chat, { ttl: 1_000 })).signal.aborted, false);
    await world.clock.advance(7_000);
    const written = await world.written(run.path);
    assert.equal(textOf(written), "Tea ");
    assert.deepEqual(written.at(-1)?.data, { outcome: "aborted", reason: null });
    assert.deepEqual((await world.written(chat.path)).at(-1)?.data, { runId: null });
  },
};

const WORDS = Array.from({ length: 12 }, (_, index) => `${index} `);

/** The text of a run that the log has; every chunk has to have its number. */
function textOf(written: readonly { readonly type: string; readonly data: unknown }[]): string {
  let text = "";
  let next = 0;
  for (const { type, data } of written) {
    if (type !== "chunks") continue;
    const { first, chunks } = data as ChunkBatch;
    assert.equal(first, next);
    next += chunks.length;
    for (const chunk of chunks) text += (chunk as { readonly delta?: string }).delta ?? "";
  }
  return text;
}
