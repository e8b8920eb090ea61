import { act } from "react";
import { createRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { expect, test, vi } from "vitest";
import { chat, openChat, statusText, useChannel, useClient, useStatus } from "../test/chat.ts";
import { below, Boundary, mount } from "../test/mount.ts";

function Banner() {
  return statusText(useStatus());
}

function Follower() {
  useChannel(chat.feed({ feedId: "news" }), { onGap: () => {} });
  return null;
}

test("a banner shows where the connection stands, from before the first attempt to the end", async () => {
  const { kit, settle } = await openChat();
  const page = await mount(kit.client, <Banner />);
  expect(page.text()).toBe("idle");
  await page.render(
    <>
      <Banner />
      <Follower />
    </>,
  );
  await settle();
  expect(page.text()).toBe("live");
  act(() => kit.network.drop());
  await settle();
  expect(page.text()).toBe("retrying: network");
  await settle(5_000);
  expect(page.text()).toBe("live");
  act(() => kit.client.close());
  expect(page.text()).toBe("closed: closed");
});

test("the status of a subscription of one's own is shown, too", async () => {
  const { kit, settle } = await openChat();
  const subscription = kit.client.subscribe(chat.feed({ feedId: "news" }), { onGap: () => {} });
  function Own() {
    return statusText(useStatus(subscription));
  }
  const page = await mount(kit.client, <Own />);
  await settle();
  expect(page.text()).toBe("live");
  act(() => subscription.close());
  expect(page.text()).toBe("closed: closed");
});

test("useClient returns the client of the provider, and says what is missing without one", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const { kit } = await openChat();
  function Same() {
    return String(useClient() === kit.client);
  }
  const page = await mount(kit.client, <Same />);
  expect(page.text()).toBe("true");
  const container = document.createElement("div");
  await act(async () => createRoot(container).render(<Boundary children={<Same />} />));
  expect(container.textContent).toMatch(/^Expected a <TidingsProvider> .* got none; wrap the app in it\.$/);
});

test.each([
  ["undefined", undefined],
  ["null", null],
  ["object", chat],
])("a provider whose client is none (%s) says so, on a server, too", async (got, client) => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const message = `Expected "client" of <TidingsProvider> to be a client, got ${got}; is there a circular import?`;
  const element = below(client as never, <Banner />);
  expect(() => renderToString(element)).toThrow(message);
  const container = document.createElement("div");
  await act(async () => createRoot(container).render(<Boundary children={element} />));
  expect(container.textContent).toBe(message);
});
