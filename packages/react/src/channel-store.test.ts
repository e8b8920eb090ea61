import { version } from "react";
import { expect, inject, test } from "vitest";
import { chat, openChat, type ChatKit } from "../test/chat.ts";
import { ChannelStore } from "./channel-store.ts";

/** A store of an address, for a client. */
function storeOf({ kit }: ChatKit, address = chat.feed({ feedId: "news" })): ChannelStore<null> {
  return new ChannelStore({
    channel: chat.feed,
    subscribe: (handlers, after) =>
      kit.client.subscribe(address, { onGap: () => {}, ...handlers }, after === undefined ? {} : { after }),
    initial: null,
    after: undefined,
  });
}

test("a store that is listened to again goes on after the last event, and asks for nothing twice", async () => {
  const chatKit = await openChat();
  const { tell, settle } = chatKit;
  const store = storeOf(chatKit);
  const seen: unknown[] = [];
  store.handlerOf = (name) => (name === "story" ? (story) => seen.push(story) : undefined);
  const stop = store.subscribe(() => {});
  await settle();
  await tell("one");
  stop();
  await tell("while nobody listens");
  const end = store.subscribe(() => {});
  await settle();
  await tell("two");
  end();
  await tell("after the end");
  expect(seen).toEqual(["one", "while nobody listens", "two"].map((text, index) => ({ id: `${index + 1}`, text })));
});

test("an address of another contract is refused with a sentence", async () => {
  const chatKit = await openChat();
  // The types refuse it; plain JavaScript does not.
  const foreign = { ...chat.feed({ feedId: "news" }), name: "shop" } as unknown as ReturnType<typeof chat.feed>;
  const message = 'Expected an address of this contract (room, feed, prices), got "shop".';
  expect(() => storeOf(chatKit, foreign).subscribe(() => {})).toThrow(message);
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
