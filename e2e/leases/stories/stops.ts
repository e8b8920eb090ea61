import assert from "node:assert/strict";
import { AppendError } from "@tidings/log";
import { contract } from "../contract.ts";
import type { FakeProcess } from "../fake-process.ts";
import { answer, board, NOTICED, OPTIONS, reasonOf, TTL, World } from "../world.ts";
import type { Stories } from "./story.ts";

/** Who hears of a request to stop. */
export const stopStories: Stories = {
  async "stop reaches the writer in another process, which ends as it wants to"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    const writer = await ada.hub.lease(answer, OPTIONS);
    const other = await ada.hub.lease(contract.answer({ id: "other" }), OPTIONS);
    await bob.hub.stop(answer, "enough");
    await bob.hub.stop(answer, "again");
    await world.clock.advance(0);
    assert.equal(reasonOf(writer.signal), "stopped enough");
    assert.equal(other.signal.aborted, false);
    await writer.publish("token", { text: "bye" });
    await writer.end({ outcome: "stopped" });
    assert.equal(await world.written(), "bye [stopped]");
  },

  async "where the channel declares an end, stop reaches a writer that takes the lease later, in any process"() {
    const world = new World();
    const [ada, bob, eve] = [await world.start(), await world.start(), await world.start()];
    await bob.hub.stop(answer, "before the lease");
    await world.clock.advance(30_000);
    const late = await world.start();
    for (const [index, { hub }] of [ada, bob, late].entries()) {
      const writer = await hub.lease(answer, OPTIONS);
      await world.clock.advance(1_000);
      assert.equal(reasonOf(writer.signal), "stopped before the lease", `process ${index}`);
      eve.isBlind = true;
      // What the former writer has been told concerns nobody else.
      await writer.release();
      const next = await eve.hub.lease(answer, OPTIONS);
      eve.isBlind = false;
      await world.clock.advance(2_000);
      assert.equal(next.signal.aborted, false, `process ${index}`);
      await next.release();
      await bob.hub.stop(answer, "before the lease");
    }
  },

  async "where it declares none, a request to stop from before the lease was asked for concerns nobody"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    await bob.hub.stop(board, "too early");
    const writer = await ada.hub.lease(board, { ttl: TTL });
    await world.clock.advance(2_000);
    assert.equal(writer.signal.aborted, false);
    await bob.hub.stop(board, "in time");
    await world.clock.advance(0);
    assert.equal(reasonOf(writer.signal), "stopped in time");
  },

  async "stop reaches a writer that has asked for the lease and does not have it yet"() {
    for (const isLost of [false, true]) {
      const world = new World();
      const [ada, bob] = [await world.start(), await world.start()];
      ada.outages.push(async (batch) => {
        await bob.hub.stop(board, "enough");
        await new Promise<void>((resolve) => void world.clock.setTimeout(resolve, 100));
        if (isLost) throw new AppendError("unknown", "The connection was lost.");
        return world.log.append(batch);
      });
      const writer = await world.settled(ada.hub.lease(board, { ttl: TTL }), 1_000);
      assert.equal(reasonOf(writer.signal), "stopped enough");
    }
  },

  async "a position says from when on requests to stop count"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    const { askedAt } = await ada.hub.lease(answer, OPTIONS);
    await bob.hub.stop(board, "enough");
    await world.clock.advance(0);
    const writer = await ada.hub.lease(board, { ttl: TTL, stopsSince: askedAt });
    await world.clock.advance(0);
    assert.equal(reasonOf(writer.signal), "stopped enough");
    await assert.rejects(ada.hub.lease(board, { ttl: TTL, stopsSince: "now" }), TypeError);
  },

  async "what the former writer was told does not concern the next one, however the former one has left"() {
    const leaves: ((ada: FakeProcess, release: () => Promise<void>) => Promise<void>)[] = [
      async (_ada, release) => release(),
      async (ada) => ada.stop(),
    ];
    for (const leave of leaves) {
      const world = new World();
      const [ada, bob] = [await world.start(), await world.start()];
      const former = await ada.hub.lease(board, { ttl: TTL });
      await bob.hub.stop(board, "enough");
      await leave(ada, () => former.release());
      await world.clock.advance(NOTICED);
      const next = await bob.hub.lease(board, { ttl: TTL, stopsSince: former.askedAt });
      await world.clock.advance(2_000);
      assert.equal(next.signal.aborted, false);
    }
  },

  async "stop reaches a writer whose process was stopped for minutes, but not for as long as the lease holds"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    const writer = await ada.hub.lease(answer, { ...OPTIONS, ttl: 600_000 });
    ada.stop();
    await bob.hub.stop(answer, "enough");
    await world.clock.advance(590_000);
    ada.resume();
    await world.clock.advance(2_000);
    assert.equal(reasonOf(writer.signal), "stopped enough");
  },

  async "stop reaches a writer whose log has not answered when its process started"() {
    const world = new World();
    const bob = await world.start();
    const log = { ...world.log };
    world.log.head = async () => {
      throw new Error("The log does not answer.");
    };
    const ada = await world.start();
    await world.clock.advance(5_000);
    await bob.hub.stop(answer, "enough");
    world.log.head = () => log.head();
    const writer = await ada.hub.lease(answer, OPTIONS);
    await world.clock.advance(2_000);
    assert.equal(reasonOf(writer.signal), "stopped enough");
  },

  async "stop reaches a writer whose process was just about to read where the log stands"() {
    const world = new World();
    const bob = await world.start();
    const log = { ...world.log };
    world.log.head = async () => {
      await new Promise<void>((resolve) => void world.clock.setTimeout(resolve, 1_000));
      return { ...(await world.log.stat()).head };
    };
    const ada = await world.start();
    await world.clock.advance(500);
    await bob.hub.stop(answer, "enough");
    await world.clock.advance(1_000);
    world.log.head = () => log.head();
    const writer = await ada.hub.lease(answer, OPTIONS);
    await world.clock.advance(2_000);
    assert.equal(reasonOf(writer.signal), "stopped enough");
  },

  async "stop reaches a writer whose process lags"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    const writer = await ada.hub.lease(answer, OPTIONS);
    ada.isBlind = true;
    await bob.hub.stop(answer);
    await world.clock.advance(5_000);
    assert.equal(writer.signal.aborted, false);
    ada.isBlind = false;
    await world.clock.advance(2_000);
    assert.equal(reasonOf(writer.signal), "stopped");
  },

  async "stop reaches a writer that does not know yet that it has the lease"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    ada.outages.push(async (batch) => {
      const appended = await world.log.append(batch);
      await bob.hub.stop(answer, "enough");
      await new Promise<void>((resolve) => void world.clock.setTimeout(resolve, 100));
      return appended;
    });
    const writer = await world.settled(ada.hub.lease(answer, OPTIONS), 200);
    assert.equal(reasonOf(writer.signal), "stopped enough");
  },
};
