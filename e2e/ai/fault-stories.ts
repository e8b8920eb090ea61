import assert from "node:assert/strict";
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
};
