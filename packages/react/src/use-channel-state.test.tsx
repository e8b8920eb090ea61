import { act, useState } from "react";
import { expect, test, vi } from "vitest";
import { chat, openChat, upsert, useChannel, useChannelState, type Message } from "../test/chat.ts";
import { mount } from "../test/mount.ts";
import { Room } from "../test/room.tsx";
import type { Reached } from "./view.ts";

const NOTHING: readonly Message[] = [];
const NO_TEXTS: readonly string[] = [];

test("a component shows the initial state, the snapshot of its address, and each event", async () => {
  const { kit, say, settle } = await openChat();
  await say("lobby", "before");
  kit.network.stall();
  await settle();
  const page = await mount(kit.client, <Room roomId="lobby" />);
  expect(page.text()).toBe("lobby connecting: ");
  kit.network.resume();
  await settle();
  expect(page.text()).toBe("lobby live: before");
  await say("lobby", "after");
  expect(page.text()).toBe("lobby live: before, after");
});

test("StrictMode opens one stream and loads one snapshot, and no event comes twice", async () => {
  const { kit, say, settle, loads } = await openChat();
  const taken: string[] = [];
  function Taken() {
    useChannelState(chat.room({ roomId: "lobby" }), {
      initial: null,
      snapshot: () => null,
      reduce: { message: (state, { text }) => (taken.push(text), state) },
    });
    return null;
  }
  await mount(kit.client, <Taken />);
  await settle(2_000);
  expect([kit.hub.stats().connections, loads()]).toEqual([1, 1]);
  await say("lobby", "one");
  await say("lobby", "two");
  expect(taken).toEqual(["one", "two"]);
});

test("an address that each render makes anew is followed once", async () => {
  const { kit, say, settle, loads } = await openChat();
  const subscribe = vi.spyOn(kit.client, "subscribe");
  const page = await mount(kit.client, <Room roomId="lobby" />);
  const calls = subscribe.mock.calls.length;
  for (const text of ["one", "two"]) {
    await page.render(<Room roomId="lobby" />);
    await say("lobby", text);
  }
  await settle();
  expect(page.text()).toBe("lobby live: one, two");
  expect([subscribe.mock.calls.length, loads()]).toEqual([calls, 1]);
});

test("another address never shows the state of the former, which is not followed any more", async () => {
  const { kit, say, settle } = await openChat();
  await say("lobby", "in the lobby");
  await say("garden", "in the garden");
  const page = await mount(kit.client, <Room roomId="lobby" />);
  await settle();
  expect(page.text()).toBe("lobby live: in the lobby");

  kit.network.stall();
  await settle();
  await page.render(<Room roomId="garden" />);
  expect(page.text()).toMatch(/^garden \w+: $/);
  kit.network.resume();
  await settle();
  await say("lobby", "late");
  expect(page.text()).toBe("garden live: in the garden");
  await settle(2_000);
  expect(kit.hub.stats().channels).toBe(1);
});

test("the reducers of the last render are used, without another subscription", async () => {
  const { kit, say, settle } = await openChat();
  const subscribe = vi.spyOn(kit.client, "subscribe");
  function Shouted({ mark }: { readonly mark: string }) {
    const [text] = useChannelState(chat.room({ roomId: "lobby" }), {
      initial: "",
      snapshot: () => "",
      reduce: { message: (all, message) => `${all}${message.text}${mark}` },
    });
    return text;
  }
  const page = await mount(kit.client, <Shouted mark="." />);
  await settle();
  const calls = subscribe.mock.calls.length;
  await say("lobby", "one");
  await page.render(<Shouted mark="!" />);
  await say("lobby", "two");
  expect(page.text()).toBe("one.two!");
  expect(subscribe).toHaveBeenCalledTimes(calls);
});

test("a component that goes away ends its subscription, and the connection", async () => {
  const { kit, settle } = await openChat();
  const page = await mount(kit.client, <Room roomId="lobby" />);
  await settle();
  expect(kit.hub.stats().connections).toBe(1);
  await page.unmount();
  await settle(2_000);
  expect(kit.hub.stats().connections).toBe(0);
});

test("a channel that the server refuses shows that it is closed, and why", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const { kit, settle } = await openChat({ authorize: ({ params }) => !("roomId" in params) });
  const page = await mount(kit.client, <Room roomId="secret" />);
  await settle();
  expect(page.text()).toBe("secret closed: forbidden: ");
});

test("the third gap within a minute shows closed: gap-loop", async () => {
  const { kit, settle, miss } = await openChat();
  const page = await mount(kit.client, <Room roomId="lobby" />);
  await settle();
  for (let gap = 0; gap < 3; gap++) {
    await miss("lobby", ["one", "two", "three", "four"]);
  }
  expect(page.text()).toContain("closed: gap-loop");
});

test("after a gap, the snapshot replaces the state", async () => {
  const { kit, settle, miss } = await openChat();
  const page = await mount(kit.client, <Room roomId="lobby" />);
  await settle();
  await miss("lobby", ["one", "two", "three", "four"]);
  expect(page.text()).toBe("lobby live: one, two, three, four");
});

test("without a snapshot, the reduction says what a gap means", async () => {
  const { kit, addStory, settle, miss } = await openChat();
  function Feed() {
    const [text] = useChannelState(chat.feed({ feedId: "news" }), {
      initial: "",
      gap: (all, { reason }) => `${all} (${reason})`,
      reduce: { story: (all, story) => `${all} ${story.text}` },
    });
    return text;
  }
  const page = await mount(kit.client, <Feed />);
  await settle();
  await addStory("one");
  await miss("news", ["two", "three", "four", "five"]);
  expect(page.text()).toBe(" one (trimmed) four five");
});

test("a value that is withdrawn reaches the reduction", async () => {
  const { kit, settle } = await openChat();
  function Topic() {
    const [topic] = useChannelState(chat.room({ roomId: "lobby" }), {
      initial: "none",
      snapshot: () => "none",
      reduce: { topic: (_, { text }) => text },
      clear: (state, { type }) => (type === "topic" ? "withdrawn" : state),
    });
    return topic;
  }
  await kit.hub.publish(chat.room({ roomId: "lobby" }), "topic", { text: "tea" });
  const page = await mount(kit.client, <Topic />);
  await settle();
  expect(page.text()).toBe("tea");
  await act(() => kit.hub.clear(chat.room({ roomId: "lobby" }), "topic"));
  await settle();
  expect(page.text()).toBe("withdrawn");
});

test("a component with a selector renders only when what it selects has changed", async () => {
  const { kit, say, settle } = await openChat();
  let renders = 0;
  function Long() {
    renders++;
    const isLong = useChannelState(
      chat.room({ roomId: "lobby" }),
      { initial: NOTHING, snapshot: (room) => room.messages, reduce: { message: upsert } },
      (messages) => messages.length > 2,
    );
    return String(isLong);
  }
  const page = await mount(kit.client, <Long />);
  await settle();
  const before = renders;
  await say("lobby", "one");
  await say("lobby", "two");
  expect([page.text(), renders]).toEqual(["false", before]);
  await say("lobby", "three");
  expect(page.text()).toBe("true");
  expect(renders).toBeGreaterThan(before);
});

test("a selector may make a new object each time", async () => {
  const { kit, say, settle } = await openChat();
  const errors = vi.spyOn(console, "error");
  function Texts() {
    const texts = useChannelState(
      chat.room({ roomId: "lobby" }),
      { initial: NOTHING, snapshot: (room) => room.messages, reduce: { message: upsert } },
      (messages) => messages.map(({ text }) => text),
    );
    return texts.join(" ");
  }
  const page = await mount(kit.client, <Texts />);
  await settle();
  await say("lobby", "one");
  expect(page.text()).toBe("one");
  expect(errors).not.toHaveBeenCalled();
});

test("many events that arrive together are one render", async () => {
  const { kit, settle } = await openChat();
  let renders = 0;
  function Count() {
    renders++;
    const [count] = useChannelState(chat.feed({ feedId: "news" }), {
      initial: 0,
      gap: () => -1,
      reduce: { story: (sum) => sum + 1 },
    });
    return String(count);
  }
  const page = await mount(kit.client, <Count />);
  await settle();
  const before = renders;
  const address = chat.feed({ feedId: "news" });
  const stories = Array.from({ length: 100 }, (_, id) => ({
    address,
    type: "story" as const,
    data: { id: String(id), text: "x" },
  }));
  await act(() => kit.hub.publishAll(stories));
  await settle();
  expect(page.text()).toBe("100");
  // StrictMode renders twice.
  expect(renders - before).toBeLessThanOrEqual(4);
});

test("a reducer that throws is reported, and the next event comes", async () => {
  const report = vi.spyOn(console, "error").mockImplementation(() => {});
  const { kit, say, settle } = await openChat();
  function Picky() {
    const [text] = useChannelState(chat.room({ roomId: "lobby" }), {
      initial: "",
      snapshot: () => "",
      reduce: {
        message(all, message) {
          if (message.text === "bad") throw new Error("no");
          return `${all} ${message.text}`;
        },
      },
    });
    return text;
  }
  const page = await mount(kit.client, <Picky />);
  await settle();
  for (const text of ["one", "bad", "two"]) await say("lobby", text);
  expect(page.text()).toBe(" one two");
  expect(report).toHaveBeenCalledOnce();
  expect(report).toHaveBeenCalledWith(expect.objectContaining({ code: "handler-failed" }));
});

test("another client is followed from its beginning", async () => {
  const { kit, say, settle } = await openChat();
  await say("lobby", "one");
  const page = await mount(kit.client, <Room roomId="lobby" />);
  await settle();
  await page.render(<Room roomId="lobby" />, kit.connect());
  await settle(2_000);
  await say("lobby", "two");
  expect(page.text()).toBe("lobby live: one, two");
  expect(kit.hub.stats().connections).toBe(1);
});

test("what is shown in advance goes when the event is there, so that it is never missing", async () => {
  const { kit, settle } = await openChat();
  const address = chat.room({ roomId: "lobby" });
  const shown: string[] = [];
  let send = async (): Promise<void> => {};
  function Sending() {
    const [texts, , reached] = useChannelState(address, {
      initial: NO_TEXTS,
      snapshot: () => NO_TEXTS,
      reduce: { message: (known, { text }) => [...known, text] },
    });
    const [inAdvance, setInAdvance] = useState(NO_TEXTS);
    send = async () => {
      setInAdvance(["hi"]);
      const { id } = await kit.hub.publish(address, "message", { id: "1", text: "hi" });
      await reached(id);
      setInAdvance(NO_TEXTS);
    };
    shown.push([...texts, ...inAdvance].join());
    return null;
  }
  await mount(kit.client, <Sending />);
  await settle(2_000);
  shown.length = 0;
  await act(async () => void (await Promise.all([send(), settle()])));
  expect(shown.at(-1)).toBe("hi");
  expect(shown).not.toContain("");
});

test("reached is one function for a component, and false when the component has gone", async () => {
  const { kit, say, settle } = await openChat();
  const seen = new Set<Reached>();
  function Watching() {
    const [, , reached] = useChannelState(chat.room({ roomId: "lobby" }), {
      initial: null,
      snapshot: () => null,
      reduce: {},
    });
    seen.add(reached);
    return null;
  }
  const page = await mount(kit.client, <Watching />);
  await settle(2_000);
  await say("lobby", "one");
  // StrictMode renders with two of them, and mounts the last one.
  const reached = [...seen].at(-1);
  await page.render(<p />);
  expect(seen.size).toBeLessThanOrEqual(2);
  expect(await reached?.("e.1")).toBe(false);
});

test("a snapshot says where it ends: older messages come from there", async () => {
  const { kit, say, settle } = await openChat();
  await say("lobby", "older");
  await say("lobby", "newest");
  const cursors: string[] = [];
  function Following() {
    useChannelState(chat.room({ roomId: "lobby" }), {
      initial: null,
      snapshot: (_, { cursor }) => (cursors.push(cursor), null),
      reduce: {},
    });
    useChannel(chat.room({ roomId: "lobby" }), { snapshot: (_, { cursor }) => cursors.push(cursor) });
    return null;
  }
  await mount(kit.client, <Following />);
  await settle(2_000);
  const [first = "", second] = cursors;
  expect(second).toBe(first);
  const { events } = await kit.client.history(chat.room({ roomId: "lobby" }), { before: first });
  expect(events.map(({ data }) => data)).toMatchObject([{ text: "older" }]);
});
