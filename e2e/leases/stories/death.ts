import assert from "node:assert/strict";
import { answer, isRefused, NOTICED, OPTIONS, TTL, World } from "../world.ts";
import type { Stories } from "./story.ts";

/** A writer has died, and others end its address. */
export const death: Stories = {
  async "the address of a writer that has died ends within two seconds after the lease, as it has declared"() {
    const world = new World();
    const [ada, bob, eve] = [await world.start(), await world.start(), await world.start()];
    const writer = await ada.hub.lease(answer, OPTIONS);
    await writer.publish("token", { text: "half" });
    ada.stop();
    await world.clock.advance(TTL - 1_000);
    assert.equal(await world.written(), "half");
    await world.clock.advance(NOTICED - TTL + 1_000);
    assert.equal(await world.written(), "half [aborted]");
    await assert.rejects(bob.hub.lease(answer, OPTIONS), isRefused("ended"));
    const notices = [...bob.records, ...eve.records].filter((record) => record.startsWith("lease"));
    assert.equal(notices.length, 1);
  },

  async "it ends in time without doorbells, too"() {
    const world = new World();
    world.log.watch = () => () => {};
    const ada = await world.start();
    await world.start();
    const writer = await ada.hub.lease(answer, OPTIONS);
    await world.clock.advance(400);
    await writer.publish("token", { text: "half" });
    ada.stop();
    await world.clock.advance(NOTICED);
    assert.equal(await world.written(), "half [aborted]");
  },

  async "it ends when all processes have died, and another one starts"() {
    const world = new World();
    const ada = await world.start();
    await ada.hub.lease(answer, OPTIONS);
    ada.stop();
    await world.clock.advance(60 * TTL);
    await world.start();
    await world.clock.advance(NOTICED);
    assert.equal(await world.written(), "[aborted]");
  },

  async "it ends although a process that has started got no answer when it read the leases"() {
    const world = new World();
    const ada = await world.start();
    await ada.hub.lease(answer, OPTIONS);
    ada.stop();
    const log = { ...world.log };
    world.log.current = () => new Promise(() => {});
    await world.start();
    world.log.current = (...parameters) => log.current(...parameters);
    await world.clock.advance(15_000 + NOTICED);
    assert.equal(await world.written(), "[aborted]");
  },

  async "it ends although the log fails when its time has come"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    await ada.hub.lease(answer, OPTIONS);
    ada.stop();
    bob.isCutOff = true;
    await world.clock.advance(3 * TTL);
    assert.equal(await world.written(), "");
    bob.isCutOff = false;
    await world.clock.advance(2_000);
    assert.equal(await world.written(), "[aborted]");
  },
};
