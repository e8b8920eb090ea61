import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import { numbered, openChat, openWindow, proxyTo, until } from "./stage.ts";

test("the plain page resumes by Last-Event-ID, with nothing but the browser's own EventSource", async () => {
  const { url, server } = await openChat();
  const proxy = await proxyTo(server.port);
  const bo = await visit(url, "bo");
  const page = await openWindow();
  await page.context().request.post(`${proxy.url}/api/session`, { data: { name: "ada" } });
  await page.goto(`${proxy.url}/plain.html`);
  const stateIs = (state: string) => until(() => page.locator("#state").textContent(), state);
  const textsAre = (texts: string[]) =>
    until(
      () => page.locator("#messages li").allTextContents(),
      texts.map((text) => `bo: ${text}`),
    );
  await stateIs("Live");
  await bo.say("number 1");
  await textsAre(["number 1"]);

  proxy.refuse();
  proxy.cut();
  await stateIs("Reconnecting…");
  for (const text of numbered(2, 10)) await bo.say(text);
  proxy.accept();
  await textsAre(numbered(1, 10));
  await bo.say("number 11");
  await textsAre(numbered(1, 11));
  expect(await bo.read(11)).toEqual(numbered(1, 11));
});
