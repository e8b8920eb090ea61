import assert from "node:assert/strict";
import { AppendError } from "@tidings/log";
import { contract } from "./contract.ts";
import { stopStories } from "./stop-stories.ts";
import { answer, board, DONE, isLease, isRefused, later, NOTICED, OPTIONS, reasonOf, TTL, World } from "./world.ts";

/** What happens, and what has to come of it. Each throws what is wrong. */
export const stories: Readonly<Record<string, () => Promise<void>>> = {
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
    world.log.current = () => new Promise(() => {});
    await world.start();
    // The method of its class is there again.
    Reflect.deleteProperty(world.log, "current");
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

  async "who ends the address without the lease ends the writer, too"() {
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

  async "who ends the address without the lease is heard by a writer that is silent"() {
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

  ...stopStories,
};

/** What is wrong with a story; null if nothing is. */
export async function faultOf(name: string): Promise<unknown> {
  try {
    await stories[name]?.();
    return null;
  } catch (error) {
    return error;
  }
}
