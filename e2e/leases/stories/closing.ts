import assert from "node:assert/strict";
import { answer, board, isLease, later, OPTIONS, reasonOf, TTL, World } from "../world.ts";
import type { Stories } from "./story.ts";

/** A hub closes while it has writers. */
export const closingHubs: Stories = {
  async "a hub that closes tells its writers, and waits for them"() {
    const world = new World();
    const ada = await world.start();
    const writer = await ada.hub.lease(answer, OPTIONS);
    const closing = later(ada.hub.close());
    await world.clock.advance(1_000);
    assert.equal(reasonOf(writer.signal), "closing");
    await writer.end({ outcome: "stopped" });
    await world.settled(closing);
    assert.equal(await world.written(), "[stopped]");
    await assert.rejects(ada.hub.lease(board, { ttl: TTL }), isLease("closing"));
  },

  async "a hub that closes ends the address of a writer that does not"() {
    const world = new World();
    const ada = await world.start();
    const writer = await ada.hub.lease(answer, OPTIONS);
    const free = await ada.hub.lease(board, { ttl: TTL });
    const closing = later(ada.hub.close());
    await world.clock.advance(4_900);
    assert.equal(await world.written(), "");
    await world.settled(closing, 200);
    assert.equal(await world.written(), "[aborted]");
    await assert.rejects(writer.publish("token", { text: "late" }), isLease("released"));
    await assert.rejects(free.publish("line", { text: "late" }), isLease("released"));
    await world.settled((await world.start()).hub.lease(board, { ttl: TTL }));
  },

  async "a hub closes although the log does not answer its writers"() {
    const world = new World();
    const ada = await world.start();
    await ada.hub.lease(answer, OPTIONS);
    ada.isCutOff = true;
    await world.settled(ada.hub.close(), 10_100);
  },
};
