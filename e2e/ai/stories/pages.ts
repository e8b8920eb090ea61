import assert from "node:assert/strict";
import { word } from "../word.ts";
import { chat, Model, run } from "../world.ts";
import type { Stories } from "./story.ts";

const FINISHED = { outcome: "finished", reason: null } as const;
const WORDS = Array.from({ length: 12 }, (_, index) => `${index} `);

/** What a page with the AI SDK reads. */
export const pages: Stories = {
  async "what a page has not taken yet is one chunk"(world) {
    const model = new Model();
    await world.start(model.produce);
    const reader = (await world.reconnect())?.getReader();
    for (const text of ["Tea ", "is ", "hot."]) {
      model.say(text);
      await world.clock.advance(200);
    }
    assert.deepEqual((await reader?.read())?.value, word("Tea is hot."));
    await reader?.cancel();
  },

  async "a run of several pages is read once, also while it goes on"(world) {
    await world.hub.publish(chat, "activeRun", { runId: "r" });
    let text = "";
    for (let first = 0; first < 1_200; first++) {
      await world.hub.publish(run, "chunks", { first, chunks: [word(`${first} `)] });
      text += `${first} `;
    }
    const reader = (await world.reconnect())?.getReader();
    assert.deepEqual((await reader?.read())?.value, word(text));
    await world.hub.publish(run, "chunks", { first: 1_200, chunks: [word("hot.")] });
    await world.hub.end(run, FINISHED);
    assert.deepEqual((await world.settled(reader?.read() ?? Promise.reject(new Error("nothing")))).value, word("hot."));
  },

  async "a run that has ended well is not read again, although the chat still names it"(world) {
    await world.hub.publish(chat, "activeRun", { runId: "r" });
    await world.hub.publish(run, "chunks", { first: 0, chunks: [] });
    await world.hub.end(run, FINISHED);
    assert.equal(await world.reconnect(), null);
    // Nothing is followed any more.
    assert.equal(world.hub.stats().channels, 0);
  },

  async "a page of the AI SDK whose connection is cut between two chunks, and within them, shows every word once"(
    world,
  ) {
    const model = new Model();
    await world.start(model.produce);
    model.begin();
    model.say("Tea ");
    const page = world.open();
    const reading = page.resumeStream();
    await world.clock.advance(1_000);
    let requests = 0;
    world.network.onOpen = () => void requests++;
    for (const [index, text] of WORDS.entries()) {
      // At another byte each time: before a frame, in the middle of one, behind it.
      world.cut(index * 37);
      model.say(text);
      // Long enough for the longest wait of the client, or so short that the next cut comes before it is back.
      await world.clock.advance(index % 3 === 0 ? 20 : 40_000);
    }
    await world.clock.advance(40_000);
    model.finish();
    await world.settled(reading);
    assert.ok(requests >= 6, `Expected the page to come back again and again, got ${requests} requests.`);
    assert.equal(page.answer, `Tea ${WORDS.join("")}`);
    assert.equal(page.status, "ready");
    assert.ok(page.shown.every((shown) => page.answer.startsWith(shown)));
  },

  async "a run that ends while its reader is away is whole for that reader"(world) {
    const model = new Model();
    await world.start(model.produce);
    model.begin();
    const page = world.open();
    const reading = page.resumeStream();
    await world.clock.advance(500);
    world.cut(0);
    model.say(...WORDS);
    model.finish();
    await world.settled(reading);
    assert.deepEqual([page.answer, page.status], [WORDS.join(""), "ready"]);
  },
};
