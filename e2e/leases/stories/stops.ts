import assert from "node:assert/strict";
import { contract } from "../contract.ts";
import { answer, OPTIONS, reasonOf, World } from "../world.ts";
import type { Stories } from "./story.ts";

/** Somebody asks the writer to stop. */
export const stops: Stories = {
  async "stop reaches the writer in another process, which ends as it wants to"() {
    const world = new World();
    const [ada, bob] = [await world.start(), await world.start()];
    ada.isBlind = true;
    await bob.hub.stop(answer, "too early");
    const writer = await ada.hub.lease(answer, OPTIONS);
    ada.isBlind = false;
    const other = await ada.hub.lease(contract.answer({ id: "other" }), OPTIONS);
    await world.clock.advance(2_000);
    assert.equal(writer.signal.aborted, false);
    await bob.hub.stop(answer, "enough");
    await bob.hub.stop(answer, "again");
    await world.clock.advance(0);
    assert.equal(reasonOf(writer.signal), "stopped enough");
    assert.equal(other.signal.aborted, false);
    await writer.publish("token", { text: "bye" });
    await writer.end({ outcome: "stopped" });
    assert.equal(await world.written(), "bye [stopped]");
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
