import * as React from "react";
import { expect, test } from "vitest";
import { openChat } from "./chat.ts";
import { mount } from "./mount.ts";
import { Room } from "./room.tsx";

function Hidden({ mode }: { readonly mode: "hidden" | "visible" }) {
  return (
    <React.Activity mode={mode}>
      <Room roomId="lobby" />
    </React.Activity>
  );
}

test("a hidden component ends its subscription, and goes on when it is shown", async () => {
  const { kit, say, settle, loads } = await openChat();
  const page = await mount(kit.client, <Hidden mode="visible" />);
  await settle();
  await say("lobby", "one");
  await page.render(<Hidden mode="hidden" />);
  await settle(2_000);
  expect(kit.hub.stats().connections).toBe(0);
  await say("lobby", "two");
  await page.render(<Hidden mode="visible" />);
  await settle();
  await say("lobby", "three");
  expect([page.text(), loads()]).toEqual(["lobby live: one, two, three", 1]);
});
