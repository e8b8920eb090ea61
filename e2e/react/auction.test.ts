import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { defaultClientConditions } from "vite";
import { expect, onTestFinished, test, vi } from "vitest";
import { startAuction } from "../../examples/auction/server.ts";
import { openWindow, until } from "../chat/stage.ts";

// Vite bundles React first, which takes a while on a machine that has other things to do.
vi.setConfig({ testTimeout: 60_000 });

/** The example, as it is. Only its packages are read from their sources. */
async function openAuction() {
  const conditions = ["@tidings/source", ...defaultClientConditions];
  const { hub, page, server } = await startAuction(0, { logLevel: "warn", resolve: { conditions, dedupe: ["react"] } });
  onTestFinished(async () => {
    await hub.close();
    await page.close();
    server.closeAllConnections();
    server.close();
  });
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  async function enterAs(name: string): Promise<Page> {
    const window = await openWindow();
    await window.goto(url);
    await window.getByPlaceholder("Your name").fill(name);
    await window.keyboard.press("Enter");
    await window.getByPlaceholder("Your bid in euros").waitFor();
    return window;
  }
  return { server, url, enterAs };
}

async function bid(page: Page, amount: number): Promise<void> {
  await page.getByPlaceholder("Your bid in euros").fill(String(amount));
  await page.keyboard.press("Enter");
}

const bidsOn = (page: Page) => page.getByLabel("Bids").locator("li").allTextContents();
const priceOn = (page: Page) => page.locator(".price").textContent();

test("bids, price, hints and the notice of being outbid reach those whom they concern", async () => {
  const { url, enterAs } = await openAuction();
  const [ada, bob] = [await enterAs("ada"), await enterAs("bob")];
  await bid(ada, 100);
  await until(() => bidsOn(bob), ["ada€ 100"]);
  await until(() => priceOn(bob), "€ 100");
  await bob.getByPlaceholder("Your bid in euros").pressSequentially("1");
  await until(() => ada.getByRole("status").textContent(), "bob is thinking about a bid…");
  await bid(bob, 1200);
  await until(() => ada.locator(".banner").allTextContents(), ["bob has outbid you."]);
  await until(() => bidsOn(ada), ["bob€ 1,200", "ada€ 100"]);
  expect(await bob.locator(".banner").count()).toBe(0);
  await bid(ada, 1300);
  await until(() => ada.locator(".banner").count(), 0);
  // Whoever comes later has the history, and the price at once.
  const eve = await enterAs("eve");
  await until(() => bidsOn(eve), ["ada€ 1,300", "bob€ 1,200", "ada€ 100"]);
  await until(() => priceOn(eve), "€ 1,300");
  // An inbox belongs to its bidder.
  const statusOf = (bidder: string) =>
    eve
      .context()
      .request.get(`${url}/events?channel=bidders/${bidder}/inbox`, { headers: { accept: "application/json" } });
  expect([(await statusOf("ada")).status(), (await statusOf("eve")).status()]).toEqual([403, 200]);
});

test("who is outbid is told so, until they bid again, also when others go on", async () => {
  const { enterAs } = await openAuction();
  const [ada, bob] = [await enterAs("ada"), await enterAs("bob")];
  await bid(ada, 100);
  await until(() => priceOn(bob), "€ 100");
  await bob.getByPlaceholder("Your bid in euros").pressSequentially("2");
  await until(() => ada.getByRole("status").textContent(), "bob is thinking about a bid…");
  for (const amount of [200, 300]) {
    await bid(bob, amount);
    await until(() => priceOn(ada), `€ ${amount}`);
    // Who has bid does not think about it any more.
    await until(() => ada.getByRole("status").textContent(), "");
    await until(() => ada.locator(".banner").allTextContents(), ["bob has outbid you."]);
  }
  await bid(ada, 400);
  await until(() => priceOn(ada), "€ 400");
  expect(await ada.locator(".banner").count()).toBe(0);
});

test("who reloads the page takes part under the same name, and nobody else does", async () => {
  const { server, url, enterAs } = await openAuction();
  const ada = await enterAs("ada");
  const eve = await openWindow();
  for (const window of [eve, ada]) {
    await window.goto(url);
    await window.getByPlaceholder("Your name").fill("ada");
    await window.keyboard.press("Enter");
  }
  await ada.getByPlaceholder("Your bid in euros").waitFor();
  await until(() => eve.getByRole("alert").textContent(), "Choose another name: 1 to 20 letters, and nobody else's.");
  // The server does not know her any more, as after a restart.
  await ada.context().clearCookies();
  server.closeAllConnections();
  await expect.poll(() => ada.locator("output").textContent(), { timeout: 15_000 }).toBe("Reload the page.");
});

test("a page does not bid as somebody who has signed in in another tab since", async () => {
  const { url, enterAs } = await openAuction();
  const ada = await enterAs("ada");
  const bob = await ada.context().newPage();
  await bob.goto(url);
  await bob.getByPlaceholder("Your name").fill("bob");
  await bob.keyboard.press("Enter");
  await bob.getByPlaceholder("Your bid in euros").waitFor();
  await bid(ada, 100);
  await until(() => ada.getByRole("alert").textContent(), "Reload and sign in again.");
  await bid(bob, 200);
  await until(() => bidsOn(ada), ["bob€ 200"]);
  await until(() => bidsOn(bob), ["bob€ 200"]);
  expect(await ada.getByText("€ 100").count()).toBe(0);
});

test("on a phone, the longest name fits, and the list does not move when somebody begins to bid", async () => {
  const { url, enterAs } = await openAuction();
  const name = "W".repeat(20);
  const longest = await enterAs(name);
  await bid(longest, 999_000);
  const phone = await openWindow({ viewport: { width: 390, height: 844 } });
  await phone.goto(url);
  await phone.getByPlaceholder("Your name").fill("ada");
  await phone.keyboard.press("Enter");
  await until(() => bidsOn(phone), [`${name}€ 999,000`]);
  const top = () => phone.getByLabel("Bids").evaluate((list) => list.getBoundingClientRect().top);
  const before = await top();
  await longest.getByPlaceholder("Your bid in euros").pressSequentially("1");
  await until(() => phone.getByRole("status").textContent(), `${name} is thinking about a bid…`);
  expect(await top()).toBe(before);
  const wide =
    "[...document.querySelectorAll('li span')].filter((part) => part.getBoundingClientRect().right > 390).length";
  expect(await phone.evaluate(wide)).toBe(0);
});

test("a bid is shown before the server has it, and disappears when the server refuses it", async () => {
  const { enterAs } = await openAuction();
  const ada = await enterAs("ada");
  await bid(ada, 100);
  await until(() => bidsOn(ada), ["ada€ 100"]);
  let answer = (): void => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await ada.route("**/bids", async (route) => {
    await held;
    await route.continue();
  });
  await bid(ada, 90);
  await until(() => bidsOn(ada), ["ada€ 100", "ada€ 90, sending…"]);
  answer();
  await until(() => bidsOn(ada), ["ada€ 100"]);
  expect(await ada.getByRole("alert").textContent()).toBe("Somebody has bid € 100 already.");
});

test("a bid that the server has is pending until the stream has brought it, and never shown twice", async () => {
  const { server, enterAs } = await openAuction();
  const ada = await enterAs("ada");
  await bid(ada, 100);
  await until(() => bidsOn(ada), ["ada€ 100"]);
  await ada.route("**/events*", (route) => route.abort());
  server.closeAllConnections();
  await until(() => ada.locator("output").textContent(), "Connection lost. Reconnecting…");
  const answered = ada.waitForResponse("**/api/bids");
  await bid(ada, 200);
  expect((await answered).status()).toBe(201);
  await until(() => bidsOn(ada), ["ada€ 200, sending…", "ada€ 100"]);
  // Looks at every state of the list.
  await ada.evaluate(() => {
    const lengths = new Set<number>();
    Object.assign(globalThis, { lengths });
    const list = document.querySelector("ol");
    if (list) {
      const look = () => void lengths.add(list.children.length);
      new MutationObserver(look).observe(list, { childList: true, characterData: true, subtree: true });
    }
  });
  await ada.unroute("**/events*");
  await until(() => bidsOn(ada), ["ada€ 200", "ada€ 100"]);
  expect(await ada.evaluate("[...lengths]")).toEqual([2]);
});

test("a banner shows a broken connection, and what was bid meanwhile comes once", async () => {
  const { server, enterAs } = await openAuction();
  const [ada, bob] = [await enterAs("ada"), await enterAs("bob")];
  await bid(ada, 100);
  await until(() => bidsOn(bob), ["ada€ 100"]);
  await bob.route("**/events*", (route) => route.abort());
  server.closeAllConnections();
  await until(() => bob.locator("output").textContent(), "Connection lost. Reconnecting…");
  await bid(ada, 200);
  await until(() => bidsOn(ada), ["ada€ 200", "ada€ 100"]);
  expect(await bidsOn(bob)).toEqual(["ada€ 100"]);
  await bob.unroute("**/events*");
  await until(() => bidsOn(bob), ["ada€ 200", "ada€ 100"]);
  await until(() => bob.locator("output").count(), 0);
  await until(() => priceOn(bob), "€ 200");
});
