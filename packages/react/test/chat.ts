import type { Status } from "@tidings/client";
import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createTestKit, type TestKit } from "@tidings/testing";
import { act } from "react";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { createHooks } from "../src/index.ts";

const Message = z.object({ id: z.string(), text: z.string() });
export type Message = z.infer<typeof Message>;

export const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    {
      message: Message,
      topic: latest(z.object({ text: z.string() })),
      notice: latest(z.object({ text: z.string() })),
      typing: volatile(z.object({ author: z.string() })),
    },
    { snapshot: z.object({ messages: z.array(Message) }) },
  ),
  feed: channel("feeds/:feedId", { story: Message }),
  prices: channel("prices/:market", {
    price: latest(z.object({ symbol: z.string(), price: z.number() }), { key: ({ symbol }) => symbol }),
  }),
  answer: channel("answers/:answerId", { word: z.string() }, { end: z.object({ words: z.number() }) }),
});

export const { TidingsProvider, useClient, useChannel, useChannelState, useLatest, useStatus } = createHooks(chat);

/** A hub whose rooms have a state, and everything that changes on a page waits for React. */
export interface ChatKit {
  readonly kit: TestKit<typeof chat>;
  /** Writes a message to its room, then publishes it. */
  readonly say: (roomId: string, text: string) => Promise<void>;
  /** Publishes a story of the feed `news`. */
  readonly addStory: (text: string) => Promise<void>;
  readonly setPrice: (symbol: string, price: number) => Promise<void>;
  /** Publishes messages or stories while the connection is broken. The log has room for two of them. */
  readonly miss: (where: string, texts: readonly string[], meanwhile?: () => Promise<void>) => Promise<void>;
  /** Lets time pass, and what is under way arrive. @default no time */
  readonly settle: (milliseconds?: number) => Promise<void>;
  /** How often rooms have been loaded. */
  readonly loads: () => number;
}

type Options = Parameters<typeof createTestKit<typeof chat>>[1];

export async function openChat(options: Options = {}): Promise<ChatKit> {
  const rooms = new Map<string, Message[]>();
  const messagesOf = (roomId: string): Message[] => rooms.get(roomId) ?? [];
  let loads = 0;
  let ids = 0;
  const room = ({ roomId }: { readonly roomId: string }) => {
    loads++;
    return { messages: messagesOf(roomId) };
  };
  const log = memoryLog({ keep: { entries: 2 } });
  const kit = await createTestKit(chat, { snapshot: { room }, log, ...options });
  const settle = (milliseconds = 0) => act(async () => kit.clock.advance(milliseconds));
  async function publish(run: () => Promise<unknown>): Promise<void> {
    await act(async () => void (await run()));
    await settle();
  }
  onTestFinished(() => act(async () => kit[Symbol.asyncDispose]()));
  async function say(roomId: string, text: string): Promise<void> {
    const message = { id: `${++ids}`, text };
    rooms.set(roomId, [...messagesOf(roomId), message]);
    await publish(() => kit.hub.publish(chat.room({ roomId }), "message", message));
  }
  const addStory = (text: string) =>
    publish(() => kit.hub.publish(chat.feed({ feedId: "news" }), "story", { id: `${++ids}`, text }));
  const setPrice = (symbol: string, price: number) =>
    publish(() => kit.hub.publish(chat.prices({ market: "tea" }), "price", { symbol, price }));
  async function miss(where: string, texts: readonly string[], meanwhile = async () => {}): Promise<void> {
    await act(async () => kit.network.drop());
    await act(meanwhile);
    for (const text of texts) await (where === "news" ? addStory(text) : say(where, text));
    await log.trim();
    // The ring of the former hub would still have what the log has dropped.
    await act(() => kit.restartServer());
    await settle(15_000);
  }
  return { kit, say, addStory, setPrice, miss, settle, loads: () => loads };
}

export const statusText = (status: Status): string =>
  "reason" in status ? `${status.state}: ${status.reason}` : status.state;

/** Adds a message, or replaces the one with its id. */
export const upsert = (messages: readonly Message[], message: Message): readonly Message[] => [
  ...messages.filter(({ id }) => id !== message.id),
  message,
];

export const textsOf = (messages: readonly Message[]): string => messages.map(({ text }) => text).join(", ");
