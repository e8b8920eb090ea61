import { expect, test } from "vitest";
import { enterAs, expectRoom, expectStatus, openChat, openWindow, until } from "./stage.ts";

test("Enter that is pressed twice, while the server is slow, signs in once", async () => {
  const { url, server } = await openChat();
  const page = await openWindow();
  let go = (): void => {};
  const isGoing = new Promise<void>((resolve) => (go = resolve));
  let signIns = 0;
  await page.route("**/api/session", async (route) => {
    if (route.request().method() === "POST") {
      signIns++;
      await isGoing;
    }
    await route.continue();
  });
  await page.goto(url);
  await page.getByLabel("Your name").fill("ada");
  await page.keyboard.press("Enter");
  await until(() => signIns, 1);
  expect(await page.getByRole("button", { name: "Enter the chat" }).isDisabled()).toBe(true);
  await page.keyboard.press("Enter");
  await page.locator("#sign-in form").evaluate((form: HTMLFormElement) => form.requestSubmit());
  go();
  await expectStatus(page, "Live");
  expect(signIns).toBe(1);
  // Nothing of the first session is left when another person signs in.
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Your name").fill("bo");
  await page.keyboard.press("Enter");
  await expectStatus(page, "Live");
  await until(() => server.hub.stats().connections, 1);
});

test("a room is created once, however often one presses Enter, and a refusal lets one try again", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  let creations = 0;
  await ada.route("**/api/rooms", (route) => {
    creations++;
    return creations === 1 ? route.fulfill({ status: 409 }) : route.continue();
  });
  await ada.getByRole("button", { name: "Create a room" }).click();
  await ada.getByLabel("What is it called?").fill("Garden");
  const submitTwice = () =>
    ada.locator("#new-room-form").evaluate((form: HTMLFormElement) => {
      form.requestSubmit();
      form.requestSubmit();
    });
  await submitTwice();
  await until(async () => (await ada.locator("#new-room-problem").textContent())?.includes("too many rooms"), true);
  await submitTwice();
  await expectRoom(ada, "Garden");
  expect(creations).toBe(2);
});

test("while the server has not said who is signed in, the page says that it is connecting", async () => {
  const { url } = await openChat();
  const page = await openWindow();
  let go = (): void => {};
  const isGoing = new Promise<void>((resolve) => (go = resolve));
  await page.route("**/api/session", async (route) => {
    await isGoing;
    await route.continue();
  });
  await page.goto(url);
  await page.getByText("Connecting…").first().waitFor();
  go();
  await page.getByLabel("Your name").waitFor();
  expect(await page.locator(".beginning").isVisible()).toBe(false);
});
