import { act, startTransition, Suspense, useState } from "react";
import { expect, test, vi } from "vitest";
import { chat, openChat, statusText, textsOf, upsert, useChannelState, type Message } from "../test/chat.ts";
import { Boundary, mount } from "../test/mount.ts";
import { Room } from "../test/room.tsx";

const NOTHING: readonly Message[] = [];
const reduction = {
  initial: NOTHING,
  snapshot: ({ messages }: { readonly messages: readonly Message[] }) => messages,
  reduce: { message: upsert },
};

interface Waiting {
  until: Promise<void> | null;
  end: () => void;
  open: (roomId: string) => void;
}

/** A room whose component can be made to wait, as one that loads its code does, and a way to open another room. */
function slowRooms() {
  const waiting: Waiting = { until: null, end: () => {}, open: () => {} };
  function Slow({ roomId }: { readonly roomId: string }) {
    const [messages, status] = useChannelState(chat.room({ roomId }), reduction);
    // oxlint-disable-next-line typescript/only-throw-error -- both versions of React wait for a thrown promise
    if (waiting.until && roomId === "garden") throw waiting.until;
    return `${roomId} ${statusText(status)}: ${textsOf(messages)}`;
  }
  function Page() {
    const [roomId, open] = useState("lobby");
    waiting.open = open;
    return (
      <Suspense fallback="loading">
        <Slow roomId={roomId} />
      </Suspense>
    );
  }
  function wait(): void {
    waiting.until = new Promise((resolve) => {
      waiting.end = () => {
        waiting.until = null;
        resolve();
      };
    });
  }
  return { Page, wait, waiting };
}

test("while a transition to another address waits, the former one is followed and shown", async () => {
  const { kit, say, settle } = await openChat();
  const { Page, wait, waiting } = slowRooms();
  const page = await mount(kit.client, <Page />);
  await settle();
  wait();
  await act(async () => startTransition(() => waiting.open("garden")));
  await say("lobby", "one");
  await say("garden", "two");
  expect(page.text()).toBe("lobby live: one");
  await act(async () => waiting.end());
  await settle();
  await say("garden", "three");
  expect(page.text()).toBe("garden live: two, three");
});

test("an address whose component suspends misses nothing until it is shown", async () => {
  const { kit, say, settle } = await openChat();
  const { Page, wait, waiting } = slowRooms();
  const page = await mount(kit.client, <Page />);
  await settle();
  wait();
  await act(async () => waiting.open("garden"));
  expect(page.text()).toContain("loading");
  await say("garden", "one");
  await act(async () => waiting.end());
  await settle();
  await say("garden", "two");
  expect(page.text()).toBe("garden live: one, two");
});

test("a selector that throws reaches the error boundary, and other components go on", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const { kit, say, settle } = await openChat();
  function Count() {
    return useChannelState(chat.room({ roomId: "lobby" }), reduction, ({ length }) => {
      if (length > 1) throw new Error("too many");
      return length;
    });
  }
  const counted = (
    <>
      <Boundary>
        <Count />
      </Boundary>
      {" | "}
      <Room roomId="lobby" />
    </>
  );
  const page = await mount(kit.client, counted);
  await settle();
  await say("lobby", "one");
  expect(page.text()).toBe("1 | lobby live: one");
  await say("lobby", "two");
  await say("lobby", "three");
  expect(page.text()).toBe("too many | lobby live: one, two, three");
});
