import assert from "node:assert/strict";
import { ai } from "../../../packages/ai/test/contract.ts";
import { chat, Model, run } from "../world.ts";
import type { Stories } from "./story.ts";
import { typesOf } from "./written.ts";

const STOPPED = { outcome: "stopped", reason: "enough" };

/** A run that begins, begins late, or does not begin. */
export const beginning: Stories = {
  async "the log has the beginning of a run before the chat names it"(world) {
    await world.start(new Model().produce);
    assert.deepEqual(typesOf(await world.written(chat.path, run.path)), ["chunks", "activeRun"]);
  },

  async "a caller that starts a run is not held for ever if another process does not begin it"(world) {
    await world.hub.lease(run, { ttl: 600_000, aborted: { outcome: "aborted", reason: null } });
    const { isNew } = await world.settled(world.start(new Model().produce));
    assert.equal(isNew, false);
  },

  async "a run whose chat is busy is over for those who read it"(world) {
    await world.start(new Model().produce);
    const other = ai.run({ chatId: "c", runId: "s" });
    await assert.rejects(world.settled(world.start(new Model().produce, other)));
    assert.deepEqual((await world.written(other.path)).at(-1)?.data, { outcome: "aborted", reason: null });
  },

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
};
