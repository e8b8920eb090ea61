import assert from "node:assert/strict";
import { chat, Model, run } from "../world.ts";
import type { Stories } from "./story.ts";
import { textOf } from "./written.ts";

/** How a run ends, and what is left then. */
export const ends: Stories = {
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
