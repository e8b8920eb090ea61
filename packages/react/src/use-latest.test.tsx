import { act } from "react";
import { expect, test } from "vitest";
import { chat, openChat, statusText, useLatest } from "../test/chat.ts";
import { mount } from "../test/mount.ts";

function Prices() {
  const [prices, status] = useLatest(chat.prices({ market: "tea" }), "price");
  return `${statusText(status)}: ${Array.from(prices, ([symbol, { price }]) => `${symbol} ${price}`).join(", ")}`;
}

test("a component shows the current values by key, and the newest of each", async () => {
  const { kit, setPrice, settle } = await openChat();
  await setPrice("ASSAM", 1);
  await setPrice("SENCHA", 2);
  const page = await mount(kit.client, <Prices />);
  await settle();
  expect(page.text()).toBe("live: ASSAM 1, SENCHA 2");
  await setPrice("ASSAM", 3);
  expect(page.text()).toBe("live: ASSAM 3, SENCHA 2");
});

test("a value that is withdrawn disappears, and no other", async () => {
  const { kit, setPrice, settle } = await openChat();
  await setPrice("ASSAM", 1);
  await setPrice("SENCHA", 2);
  const page = await mount(kit.client, <Prices />);
  await settle();
  await act(() => kit.hub.clear(chat.prices({ market: "tea" }), "price", "ASSAM"));
  await settle();
  expect(page.text()).toBe("live: SENCHA 2");
});

function Topic() {
  return useLatest(chat.room({ roomId: "lobby" }), "topic", (topics) => topics.get("")?.text ?? "no topic");
}

const lobby = chat.room({ roomId: "lobby" });

test("a topic has no key of its own, and the withdrawal of another type does not touch it", async () => {
  const { kit, settle } = await openChat();
  const page = await mount(kit.client, <Topic />);
  await settle();
  expect(page.text()).toBe("no topic");
  await act(() => kit.hub.publish(lobby, "topic", { text: "tea" }));
  await act(() => kit.hub.publish(lobby, "notice", { text: "closed on Monday" }));
  await act(() => kit.hub.clear(lobby, "notice"));
  await settle();
  expect(page.text()).toBe("tea");
  await act(() => kit.hub.clear(lobby, "topic"));
  await settle();
  expect(page.text()).toBe("no topic");
});

test("a value that still holds after a gap is shown again, and one that was withdrawn in it is not", async () => {
  const { kit, setPrice, settle, miss } = await openChat();
  await setPrice("ASSAM", 1);
  await setPrice("SENCHA", 2);
  const page = await mount(
    kit.client,
    <>
      <Prices /> <Topic />
    </>,
  );
  await act(() => kit.hub.publish(lobby, "topic", { text: "tea" }));
  await settle();
  expect(page.text()).toBe("live: ASSAM 1, SENCHA 2 tea");
  await miss("lobby", ["one", "two", "three"], async () => {
    await kit.hub.clear(lobby, "topic");
    // The log keeps two withdrawals.
    for (const symbol of ["ASSAM", "MATE", "OOLONG", "ASSAM"]) {
      await kit.hub.clear(chat.prices({ market: "tea" }), "price", symbol);
      await kit.hub.publish(chat.prices({ market: "tea" }), "price", { symbol: "MATE", price: 3 });
    }
  });
  expect(page.text()).toBe("live: SENCHA 2, MATE 3 no topic");
});
