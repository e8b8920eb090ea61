import assert from "node:assert/strict";
import { Model, run } from "../world.ts";
import type { Stories } from "./story.ts";
import { batchesOf, textOf } from "./written.ts";

const WORDS = Array.from({ length: 12 }, (_, index) => `${index} `);

/** What the log has of an answer. */
export const chunks: Stories = {
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
    assert.deepEqual(
      batchesOf(written).map(({ first }) => first),
      [0, 0, 2],
    );
    assert.deepEqual(written.at(-1), { type: "end", data: { outcome: "finished", reason: null } });
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
    const sizes = batchesOf(await world.written(run.path)).map(({ chunks: batch }) => batch.length);
    assert.deepEqual(sizes, [0, 1, 1, 1, 1, 2]);
  },
};
