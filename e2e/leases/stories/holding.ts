import assert from "node:assert/strict";
import { contract } from "../contract.ts";
import { answer, board, DONE, isLease, isRefused, later, OPTIONS, TTL, World } from "../world.ts";
import type { Stories } from "./story.ts";

/** Who has a lease, and what comes of it. */
export const holding: Stories = {
  async "of several processes that want an address, one gets it, until it gives it up"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    const results = await Promise.allSettled([ada.hub.lease(board, { ttl: TTL }), bob.hub.lease(board, { ttl: TTL })]);
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    await assert.rejects(ada.hub.lease(board, { ttl: TTL }), isLease("taken"));
    const [won] = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    await won?.release();
    await won?.release();
    assert.equal(won?.signal.aborted, false);
    await assert.rejects(won?.publish("line", { text: "late" }) ?? Promise.resolve(), isLease("released"));
    const next = await bob.hub.lease(board, { ttl: TTL });
    await next.publish("line", { text: "next" });
    assert.equal(await world.written(board), "next");
  },

  async "what is published in one go is stored together and in order, with the ids of the log"() {
    const world = new World();
    const { hub, ...ada } = await world.start();
    assert.equal(ada.batches, 0);
    const writer = await hub.lease(answer, OPTIONS);
    const words = Array.from({ length: 300 }, (_, index) => `${index}`);
    const published = await Promise.all([
      ...words.map((text) => writer.publish("token", { text })),
      writer.publish("length", 300),
    ]);
    const end = await writer.end(DONE);
    assert.equal(await world.written(), [...words, "[done]"].join(" "));
    const { entries } = await world.log.recent([answer.path], 1_000);
    assert.deepEqual(
      entries.map(({ epoch, seq }) => `${epoch}.${seq}`),
      [...published.slice(0, -1), end].map(({ id }) => id),
    );
    await assert.rejects(writer.end(DONE), isLease("released"));
    await assert.rejects(hub.lease(answer, OPTIONS), isRefused("ended"));
  },

  async "few batches are enough for many events"() {
    const world = new World();
    const ada = await world.start();
    const writer = await ada.hub.lease(answer, OPTIONS);
    const before = ada.batches;
    await Promise.all(Array.from({ length: 300 }, (_, index) => writer.publish("token", { text: `${index}` })));
    assert.equal(ada.batches - before, 2);
  },

  async "a silent writer that lives keeps its lease"() {
    const world = new World();
    const [ada] = [await world.start(), await world.start()];
    const writer = await ada.hub.lease(answer, OPTIONS);
    await world.clock.advance(20 * TTL);
    await world.settled(writer.publish("token", { text: "still" }));
    assert.equal(await world.written(), "still");
    assert.equal(writer.signal.aborted, false);
  },

  async "events may not wait without a bound"() {
    const world = new World();
    const ada = await world.start();
    const writer = await ada.hub.lease(answer, OPTIONS);
    ada.stop();
    const publishing = Array.from({ length: 10_001 }, () => later(writer.publish("token", { text: "x" })));
    await assert.rejects(world.settled(Promise.all(publishing.slice(-1))), /await publish/);
    ada.resume();
    await Promise.all(publishing.slice(0, -1));
  },

  async "a lease that is over leaves nothing behind in the log"() {
    const world = new World({ age: 60_000 });
    const ada = await world.start();
    const empty = (await world.log.stat()).bytes;
    for (let id = 0; id < 20; id++) {
      const writer = await ada.hub.lease(contract.answer({ id: `${id}` }), OPTIONS);
      await writer.publish("token", { text: "x" });
      await ada.hub.stop(writer.address);
      await writer.end(DONE);
    }
    await world.clock.advance(200_000);
    assert.deepEqual([(await world.log.stat()).bytes, (await world.log.stat()).entries], [empty, 0]);
  },
};
