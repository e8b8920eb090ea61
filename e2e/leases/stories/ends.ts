import assert from "node:assert/strict";
import { AppendError } from "@tidings/log";
import { answer, DONE, isLease, isRefused, NOTICED, OPTIONS, reasonOf, TTL, World } from "../world.ts";
import type { Stories } from "./story.ts";

/** The address ends, by the writer or by somebody else. */
export const ends: Stories = {
  async "an address that ends while somebody asks for its lease is not leased, and no lease of it stands"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    const writer = await ada.hub.lease(answer, OPTIONS);
    bob.outages.push(async (batch) => {
      await writer.end(DONE);
      // The log refuses the first attempt to give the lease up again.
      bob.refuse();
      return world.log.append(batch);
    });
    await assert.rejects(world.settled(bob.hub.lease(answer, OPTIONS), 1_000), isRefused("ended"));
    await world.clock.advance(TTL);
    const { entries } = await world.log.current(["$lease"], null, { entries: 9, bytes: 9_999 });
    assert.deepEqual(entries, []);
    assert.equal(await world.written(), "[done]");
  },

  async "whoever ends the address without the lease ends the writer, too"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    const writer = await ada.hub.lease(answer, OPTIONS);
    await bob.hub.end(answer, DONE);
    await assert.rejects(world.settled(writer.publish("token", { text: "late" })), isLease("lost"));
    assert.match(String(writer.signal.reason), /has ended/);
    await world.clock.advance(NOTICED);
    assert.equal(await world.written(), "[done]");
    const { entries } = await world.log.current(["$lease"], null, { entries: 9, bytes: 9_999 });
    assert.deepEqual(entries, []);
  },

  async "whoever ends the address without the lease is heard by a writer that is silent"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    const writer = await ada.hub.lease(answer, OPTIONS);
    await bob.hub.end(answer, DONE);
    await world.clock.advance(1_000);
    assert.equal(reasonOf(writer.signal), "lost");
    assert.match(String(writer.signal.reason), /has ended/);
    // As after an end in a transaction, it can still give the lease up.
    await world.settled(writer.release());
    const { entries } = await world.log.current(["$lease"], null, { entries: 9, bytes: 9_999 });
    assert.deepEqual(entries, []);
  },

  async "a writer whose address somebody else has ended gives its lease up, also if the log refuses it at first"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    const writer = await ada.hub.lease(answer, OPTIONS);
    ada.outages.push(async () => {
      throw new AppendError("none", "The disk is full.");
    });
    await bob.hub.end(answer, DONE);
    await world.clock.advance(NOTICED);
    const { entries } = await world.log.current(["$lease"], null, { entries: 9, bytes: 9_999 });
    assert.deepEqual(entries, []);
    const { seq } = await world.log.head();
    await world.clock.advance(60_000);
    assert.equal((await world.log.head()).seq, seq);
    // What the application does about it comes too late, and does no harm.
    await assert.rejects(writer.publish("token", { text: "late" }), isLease("lost"));
    await assert.rejects(writer.end(DONE), isLease("lost"));
    await writer.release();
  },

  async "a writer that ends its address is not told that it has lost it"() {
    const world = new World();
    const ada = await world.start();
    const writer = await ada.hub.lease(answer, OPTIONS);
    await world.settled(writer.end(DONE), 1_000);
    assert.equal(reasonOf(writer.signal), "none");
  },
};
