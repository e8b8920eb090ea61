import { act, useLayoutEffect } from "react";
import { expect, test, vi } from "vitest";
import { chat, openChat, statusText, useChannel } from "../test/chat.ts";
import { mount } from "../test/mount.ts";

const lobby = chat.room({ roomId: "lobby" });
const news = chat.feed({ feedId: "news" });

test("the handlers get what those of the client get, and the component shows the status", async () => {
  const { kit, say, settle } = await openChat();
  const seen: string[] = [];
  function Listener() {
    const status = useChannel(chat.room({ roomId: "lobby" }), {
      snapshot: ({ messages }) => seen.push(`snapshot of ${messages.length}`),
      message: ({ text }, { type, id }) => seen.push(`${type} ${text} ${typeof id}`),
      topic: ({ text }) => seen.push(`topic ${text}`),
      onClear: ({ type }) => seen.push(`cleared ${type}`),
    });
    return statusText(status);
  }
  const page = await mount(kit.client, <Listener />);
  await settle();
  expect(page.text()).toBe("live");
  await say("lobby", "one");
  await act(() => kit.hub.publish(lobby, "topic", { text: "tea" }));
  await act(() => kit.hub.clear(lobby, "topic"));
  await settle();
  expect(seen).toEqual(["snapshot of 0", "message one string", "topic tea", "cleared topic"]);
  act(() => kit.network.drop());
  await settle();
  expect(page.text()).toBe("retrying: network");
});

test("the handlers of the last render are called, without another subscription", async () => {
  const { kit, addStory, settle } = await openChat();
  const subscribe = vi.spyOn(kit.client, "subscribe");
  const seen: string[] = [];
  function Listener({ name }: { readonly name: string }) {
    useChannel(news, { onGap: () => {}, story: ({ text }) => seen.push(`${name}: ${text}`) });
    return null;
  }
  const page = await mount(kit.client, <Listener name="first" />);
  await settle();
  const calls = subscribe.mock.calls.length;
  await addStory("one");
  await page.render(<Listener name="second" />);
  await addStory("two");
  expect(seen).toEqual(["first: one", "second: two"]);
  expect(subscribe).toHaveBeenCalledTimes(calls);
});

test("handlers count as soon as what React has rendered with them is in the page", async () => {
  const { kit, settle } = await openChat();
  const subscribe = vi.spyOn(kit.client, "subscribe");
  const seen: string[] = [];
  function Listener({ name }: { readonly name: string }) {
    useChannel(news, { onGap: () => {}, onClose: (reason) => void seen.push(`${name}: ${reason}`) });
    // The page is up to date, and the effects that may wait have not run.
    useLayoutEffect(() => subscribe.mock.lastCall?.[1].onClose?.("closed"), [name]);
    return null;
  }
  const page = await mount(kit.client, <Listener name="first" />);
  await settle();
  seen.length = 0;
  await page.render(<Listener name="second" />);
  expect(seen).toEqual(["second: closed"]);
});

test("an event of the former address never reaches the handlers of the next", async () => {
  const { kit, settle } = await openChat();
  const seen: string[] = [];
  function Listener({ feedId }: { readonly feedId: string }) {
    useChannel(chat.feed({ feedId }), {
      onGap: () => {},
      story: (_, { channel }) => seen.push(`${feedId} got ${channel}`),
    });
    return null;
  }
  const page = await mount(kit.client, <Listener feedId="a" />);
  await settle();
  for (const feedId of ["b", "a", "b", "a", "b"]) {
    const published = ["a", "b"].map((each) =>
      kit.hub.publish(chat.feed({ feedId: each }), "story", { id: "1", text: "x" }),
    );
    await page.render(<Listener feedId={feedId} />);
    await Promise.all(published);
    await settle();
  }
  expect(new Set(seen)).toEqual(new Set(["a got feeds/a", "b got feeds/b"]));
});

test("onGap and onClose are called, onClose not when the component goes away", async () => {
  const { kit, settle, miss } = await openChat();
  const seen: string[] = [];
  function Listener() {
    useChannel(news, {
      onGap: ({ reason }) => seen.push(reason),
      onClose: (reason) => seen.push(reason),
    });
    return null;
  }
  const page = await mount(kit.client, <Listener />);
  await settle();
  await miss("news", ["one", "two", "three"]);
  expect(seen).toEqual(["trimmed"]);
  await page.unmount();
  expect(seen).toEqual(["trimmed"]);
  await mount(kit.client, <Listener />);
  await settle();
  act(() => kit.client.close());
  expect(seen).toEqual(["trimmed", "closed"]);
});

test("a handler that fails is reported to onError, and to the client where there is none", async () => {
  const report = vi.spyOn(console, "error").mockImplementation(() => {});
  const { kit, addStory, settle } = await openChat();
  const errors: string[] = [];
  const fail = () => {
    throw new Error("no");
  };
  function Listener({ isCaught }: { readonly isCaught: boolean }) {
    const caught = isCaught ? { onError: ({ code }: { readonly code: string }) => void errors.push(code) } : {};
    useChannel(news, { onGap: () => {}, story: fail, ...caught });
    return null;
  }
  const page = await mount(kit.client, <Listener isCaught />);
  await settle();
  await addStory("one");
  expect([errors, report.mock.calls.length]).toEqual([["handler-failed"], 0]);
  await page.render(<Listener isCaught={false} />);
  await addStory("two");
  expect([errors.length, report.mock.calls.length]).toEqual([1, 1]);
});
