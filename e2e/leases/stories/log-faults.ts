import assert from "node:assert/strict";
import { AppendError } from "@tidings/log";
import { answer, DONE, isLease, later, NOTICED, OPTIONS, reasonOf, TTL, World } from "../world.ts";
import type { Stories } from "./story.ts";

/** The log refuses, or does not answer. */
export const logFaults: Stories = {
  async "lost answers and lost requests leave every event once, in order, with its id"() {
    const world = new World();
    const [ada] = [await world.start(), await world.start()];
    ada.loseAnswer();
    ada.loseRequest();
    const writer = await world.settled(ada.hub.lease(answer, OPTIONS), 1_000);
    const published: Promise<{ readonly id: string }>[] = [];
    for (let round = 0; round < 10; round++) {
      if (round % 3 === 0) ada.loseAnswer();
      if (round % 3 === 1) ada.loseRequest();
      for (const half of ["a", "b"]) published.push(later(writer.publish("token", { text: `${round}${half}` })));
      await world.clock.advance(1_000);
    }
    ada.loseAnswer();
    ada.loseRequest();
    const end = await world.settled(writer.end(DONE), 2_000);
    const words = Array.from({ length: 10 }, (_, round) => `${round}a ${round}b`).join(" ");
    assert.equal(await world.written(), `${words} [done]`);
    const { entries } = await world.log.recent([answer.path], 1_000);
    const ids = [...(await Promise.all(published)), end].map(({ id }) => id);
    assert.deepEqual(
      ids,
      entries.map(({ epoch, seq }) => `${epoch}.${seq}`),
    );
  },

  async "an event that the log has refused rejects, and the next one may work"() {
    const world = new World();
    const [ada] = [await world.start(), await world.start()];
    const writer = await ada.hub.lease(answer, OPTIONS);
    ada.refuse();
    await assert.rejects(world.settled(writer.publish("token", { text: "lost" })), { name: "AppendError" });
    await world.settled(writer.publish("token", { text: "next" }));
    ada.refuse();
    await assert.rejects(world.settled(writer.end(DONE)), { name: "AppendError" });
    assert.equal(writer.signal.aborted, false);
    await world.clock.advance(2 * TTL);
    await world.settled(writer.end(DONE));
    assert.equal(await world.written(), "next [done]");
  },

  async "nothing is published after an end that was asked for, also if the log has refused what came before it"() {
    const world = new World();
    const ada = await world.start();
    const writer = await ada.hub.lease(answer, OPTIONS);
    ada.outages.push(async () => {
      throw new AppendError("none", "There is no room.");
    });
    const refused = later(writer.publish("token", { text: "refused" }));
    const end = later(writer.end(DONE));
    await assert.rejects(refused, AppendError);
    await assert.rejects(writer.publish("token", { text: "late" }), isLease("released"));
    await world.settled(end);
    assert.equal(await world.written(), "[done]");
  },

  async "a writer that the log does not answer for the time of its lease gives up"() {
    const world = new World();
    const ada = await world.start();
    const writer = await ada.hub.lease(answer, OPTIONS);
    ada.isCutOff = true;
    const publishing = later(writer.publish("token", { text: "nowhere" }));
    await world.clock.advance(100);
    const waiting = later(writer.publish("token", { text: "nor this" }));
    const given = Promise.allSettled([publishing, waiting]);
    for (const result of await world.settled(given, TTL + 1_000)) {
      assert.ok(result.status === "rejected" && isLease("lost")(result.reason));
    }
    assert.equal(reasonOf(writer.signal), "lost");
    ada.isCutOff = false;
    await world.clock.advance(NOTICED);
    assert.equal(await world.written(), "[aborted]");
  },
};
