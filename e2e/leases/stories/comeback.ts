import assert from "node:assert/strict";
import { answer, board, DONE, isLease, later, NOTICED, OPTIONS, reasonOf, TTL, World } from "../world.ts";
import type { Stories } from "./story.ts";

/** A process was stopped for a while, or has seen nothing, and goes on. */
export const comeback: Stories = {
  async "a writer that was stopped for too long publishes nothing when it comes back"() {
    const world = new World();
    const [ada] = [await world.start(), await world.start()];
    const writer = await ada.hub.lease(answer, OPTIONS);
    await writer.publish("token", { text: "half" });
    ada.stop();
    const late = later(writer.publish("token", { text: "late" }));
    await world.clock.advance(NOTICED);
    ada.resume();
    await assert.rejects(world.settled(late, 1_000), isLease("lost"));
    await assert.rejects(writer.publish("token", { text: "later" }), isLease("lost"));
    await assert.rejects(writer.end(DONE), isLease("lost"));
    assert.equal(reasonOf(writer.signal), "lost");
    assert.equal(await world.written(), "half [aborted]");
  },

  async "where the channel declares no end, the next writer goes on, and the former one cannot"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    const former = await ada.hub.lease(board, { ttl: TTL });
    await former.publish("line", { text: "former" });
    ada.stop();
    const late = later(former.publish("line", { text: "late" }));
    await world.clock.advance(NOTICED);
    const next = await bob.hub.lease(board, { ttl: TTL });
    await next.publish("line", { text: "next" });
    ada.resume();
    await assert.rejects(world.settled(late, 1_000), isLease("lost"));
    await world.settled(next.publish("line", { text: "last" }));
    await world.clock.advance(3 * TTL);
    assert.equal(await world.written(board), "former next last");
    assert.equal(next.signal.aborted, false);
  },

  async "a former writer cannot give up the lease of the next one"() {
    const world = new World();
    const [ada, bob, eve] = [await world.start(), await world.start(), await world.start()];
    const former = await ada.hub.lease(board, { ttl: TTL });
    ada.stop();
    const late = later(former.release());
    await world.clock.advance(NOTICED);
    await bob.hub.lease(board, { ttl: TTL });
    ada.resume();
    await assert.rejects(world.settled(late, 1_000), isLease("lost"));
    await assert.rejects(eve.hub.lease(board, { ttl: TTL }), isLease("taken"));
  },

  async "a writer that was stopped, and whose lease nobody has taken, goes on"() {
    const world = new World();
    const ada = await world.start();
    const writer = await ada.hub.lease(answer, OPTIONS);
    ada.stop();
    await world.clock.advance(60 * TTL);
    ada.resume();
    await world.settled(writer.publish("token", { text: "back" }), 1_000);
    assert.equal(await world.written(), "back");
  },

  async "a process that has seen no renewal does not end a writer that has made some"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    const writer = await ada.hub.lease(answer, OPTIONS);
    await world.clock.advance(1_000);
    bob.isBlind = true;
    await world.clock.advance(2 * TTL);
    await world.settled(writer.publish("token", { text: "here" }));
    assert.equal(await world.written(), "here");
    bob.isBlind = false;
    await world.clock.advance(2_000);
    ada.stop();
    await world.clock.advance(NOTICED);
    assert.equal(await world.written(), "here [aborted]");
  },
};
