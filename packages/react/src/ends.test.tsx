import { act } from "react";
import { expect, test } from "vitest";
import { chat, openChat, statusText, useChannel, useChannelState } from "../test/chat.ts";
import { mount } from "../test/mount.ts";

const answer = chat.answer({ answerId: "a" });

const publish = (kit: Awaited<ReturnType<typeof openChat>>["kit"], ...words: readonly string[]) =>
  act(async () => {
    for (const word of words) await kit.hub.publish(answer, "word", word);
    await kit.hub.end(answer, { words: words.length });
  });

test("the state after the end of an address is shown, with the status", async () => {
  const { kit, settle } = await openChat();
  function Answer() {
    const [text, status] = useChannelState(answer, {
      initial: "",
      reduce: { word: (before, word) => `${before}${word} ` },
      end: (before, { words }, { type }) => `${before}(${words}, ${type})`,
      gap: (before) => before,
    });
    return `${text} ${statusText(status)}`;
  }
  const page = await mount(kit.client, <Answer />);
  await settle(1_000);
  await publish(kit, "hello", "world");
  await settle(1_000);
  expect(page.text()).toBe("hello world (2, end) closed: ended");
});

test("a component that is shown again after the end is not told once more", async () => {
  const { kit, settle } = await openChat();
  const seen: string[] = [];
  function Listener() {
    const status = useChannel(answer, {
      word: (word) => seen.push(word),
      onEnd: ({ words }) => seen.push(`end after ${words}`),
      onGap: () => {},
      onClose: (reason) => seen.push(`closed: ${reason}`),
    });
    return statusText(status);
  }
  await publish(kit, "hello");
  const page = await mount(kit.client, <Listener />);
  await settle(1_000);
  expect([page.text(), seen]).toEqual(["closed: ended", ["end after 1", "closed: ended"]]);
});
