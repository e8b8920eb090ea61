import { version } from "react";
import { expect, inject, test } from "vitest";
import { chat, openChat, type ChatKit } from "../test/chat.ts";
import { ChannelStore } from "./channel-store.ts";

/** A store that keeps what its handlers were called with, in a list. */
function storeOf({ kit }: ChatKit, name: "feed" | "room" | "prices", address = ADDRESSES[name]) {
  const nothing = { onGap: () => {}, snapshot: () => {} };
  const store = new ChannelStore<readonly string[]>({
    channel: chat[name],
    // Safe: the store passes handlers on, whatever the channel is.
    subscribe: (handlers, after) =>
      kit.client.subscribe(
        address as typeof ADDRESSES.room,
        { ...nothing, ...handlers },
        after === undefined ? {} : { after },
      ),
    initial: [],
    after: undefined,
  });
  store.handlerOf = (handler) => (argument) =>
    store.update((calls) => [...calls, `${handler} ${Object.values(argument ?? {}).at(-1)}`]);
  return store;
}

test("a store whose address has ended follows it no more", async () => {
  const { kit, settle } = await openChat();
  const address = chat.answer({ answerId: "a" });
  let subscriptions = 0;
  const store = new ChannelStore<readonly string[]>({
    channel: chat.answer,
    subscribe: (handlers, after) => {
      subscriptions++;
      return kit.client.subscribe(address, { onGap: () => {}, ...handlers }, after === undefined ? {} : { after });
    },
    initial: [],
    after: undefined,
  });
  store.handlerOf = (handler) => () => store.update((calls) => [...calls, handler]);
  const stop = store.subscribe(() => {});
  await settle();
  await kit.hub.end(address, { words: 0 });
  await settle(1_000);
  stop();
  store.subscribe(() => {});
  await settle(1_000);
  expect([subscriptions, store.read()]).toMatchObject([
    1,
    [["onEnd", "onClose"], { reason: "ended" }, expect.any(Function)],
  ]);
});

const ADDRESSES = {
  feed: chat.feed({ feedId: "news" }),
  room: chat.room({ roomId: "lobby" }),
  prices: chat.prices({ market: "tea" }),
};

test("a store that is listened to again goes on after the last event that it has had", async () => {
  const chatKit = await openChat();
  const { addStory, settle } = chatKit;
  const store = storeOf(chatKit, "feed");
  const stop = store.subscribe(() => {});
  await settle();
  await addStory("one");
  stop();
  await addStory("while nobody listens");
  const end = store.subscribe(() => {});
  await settle();
  await addStory("two");
  end();
  await addStory("after the end");
  expect(store.read()[0]).toEqual(["story one", "story while nobody listens", "story two"]);
});

test("a volatile event and a withdrawal between two events move nothing back", async () => {
  const chatKit = await openChat();
  const { kit, say, settle } = chatKit;
  const store = storeOf(chatKit, "room");
  const stop = store.subscribe(() => {});
  await settle();
  await say("lobby", "one");
  await kit.hub.publish(ADDRESSES.room, "topic", { text: "tea" });
  await kit.hub.publish(ADDRESSES.room, "typing", { author: "ada" });
  await kit.hub.clear(ADDRESSES.room, "topic");
  await settle();
  stop();
  await say("lobby", "two");
  const end = store.subscribe(() => {});
  await settle();
  end();
  const calls = store.read()[0].map((call) => call.replace(/\S+\.\d+$/, "by id"));
  expect(calls).toEqual(["snapshot ", "message one", "topic tea", "typing ada", "onClear by id", "message two"]);
});

test("after a snapshot without an event, a store begins anew", async () => {
  const chatKit = await openChat({ snapshotOverlap: 0 });
  const { say, settle, miss } = chatKit;
  const store = storeOf(chatKit, "room");
  const stop = store.subscribe(() => {});
  await settle();
  await say("lobby", "one");
  await miss("lobby", ["two", "three", "four"]);
  stop();
  const before = store.read()[0].length;
  const end = store.subscribe(() => {});
  await settle();
  end();
  expect(
    store
      .read()[0]
      .slice(before)
      .map((call) => call.split(" ")[0]),
  ).toEqual(["snapshot"]);
});

test("a store that begins anew without a snapshot forgets the values that it has", async () => {
  const chatKit = await openChat();
  const { kit, setPrice, settle } = chatKit;
  await setPrice("ASSAM", 1);
  await setPrice("SENCHA", 2);
  const store = storeOf(chatKit, "prices");
  const stop = store.subscribe(() => {});
  await settle();
  expect(store.read()[0]).toEqual(["price 1", "price 2"]);
  stop();
  await kit.hub.clear(ADDRESSES.prices, "price", "ASSAM");
  const end = store.subscribe(() => {});
  await settle();
  end();
  expect(store.read()[0]).toEqual(["price 2"]);
});

test("a store calls its listener when something has changed, and shows no end when nobody listens", async () => {
  const chatKit = await openChat();
  const store = storeOf(chatKit, "feed");
  const views = [store.read()];
  const stop = store.subscribe(() => views.push(store.read()));
  expect(store.read()).toBe(views[0]);
  await chatKit.settle();
  stop();
  expect(views.map(([, { state }]) => state)).toEqual(["connecting", "live"]);
  expect(store.read()).toBe(views[1]);
});

test("an address of another contract is refused with a sentence", async () => {
  const chatKit = await openChat();
  // The types refuse it; plain JavaScript does not.
  const foreign = { ...chat.feed({ feedId: "news" }), name: "shop" } as unknown as ReturnType<typeof chat.feed>;
  const message = 'Expected an address of this contract (room, feed, prices, answer), got "shop".';
  expect(() => storeOf(chatKit, "feed", foreign).subscribe(() => {})).toThrow(message);
});

test("these tests run on the React of their project", () => {
  expect(version.split(".")[0]).toBe(inject("react"));
});

declare module "vitest" {
  interface ProvidedContext {
    /** The major version of React. */
    react: string;
  }
}
