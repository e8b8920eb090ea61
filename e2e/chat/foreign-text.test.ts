import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import { enterAs, expectTexts, openChat, openWindow, textsOn, until } from "./stage.ts";

test("messages, names, rooms, topics and toasts show text as text, and the policy blocks scripts", async () => {
  const { url } = await openChat();
  const names = ["<img src=x onerror=alert(1)>", '"><svg/onload=alert(1)>', "__proto__", "{{7*7}}${7*7}"];
  const [me = "", other = ""] = names;
  const texts = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    '<a href="javascript:alert(1)">click</a>',
    "javascript:alert(1) data:text/html,<script>alert(1)</script>",
    'https://example.com/"onmouseover="alert(1)',
    "https://example.com/<svg/onload=alert(1)>",
    "</p></li></ol><style>*{display:none}</style>",
    "<base href=//example.invalid/><form action=/x><button>send",
    "&lt;b&gt;&#x3c;b&#x3e;",
    "\u200fmissing\u200e \u2028 \u0000 end",
    "https://example.com/\u200fgpj.exe \u061cleft \u200b\ufeff",
    `z${"\u0301\u0489\u0324".repeat(600)}algo`,
    "JaVaScRiPt:alert(1) java\u0000script:alert(1) vbscript:x data:image/svg+xml,<svg/onload=alert(1)> blob:x " +
      "file:///etc/passwd",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} <%= 7*7 %> #{7*7} [[7*7]] " +
      "<template><img src=x onerror=alert(1)></template>",
    "[click](javascript:alert(1)) ![x](https://example.invalid/x.png) [a]: https://example.invalid/",
    "<https://example.invalid/> &#60;img src=x onerror=alert(1)&#62; &lt;b&gt;",
    `@${other} @${me}`,
  ];
  /** Texts with Markdown, and what is shown of them. */
  const formatted = [
    ["**<img src=x onerror=alert(1)>**", "<img src=x onerror=alert(1)>"],
    ["`<script>alert(1)</script>`", "<script>alert(1)</script>"],
    ["- <svg/onload=alert(1)>\n- **[x](javascript:alert(1))**", "<svg/onload=alert(1)>[x](javascript:alert(1))"],
    ["```html\n<iframe src=//example.invalid/></iframe>\n```", "<iframe src=//example.invalid/></iframe>"],
  ] as const;
  const surprises: string[] = [];
  const page = await openWindow();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) surprises.push(message.text());
  });
  page.on("pageerror", (error) => surprises.push(String(error)));
  page.on("dialog", (dialog) => {
    surprises.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) surprises.push(`a request to ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective }) =>
      console.error(`violated: ${violatedDirective}`),
    );
  });
  await enterAs(me, url, page);

  const visitors = await Promise.all(names.map((name) => visit(url, name)));
  const [, writer] = visitors;
  for (const text of texts) await writer?.say(text);
  for (const [text] of formatted) await writer?.say(text);
  for (const visitor of visitors) await visitor.say("hi");
  await writer?.request("POST", "/api/rooms/lobby/typing");
  const all = [...texts, ...formatted.map(([, shown]) => shown), ...names.map(() => "hi")];
  await expectTexts(page, all);
  await until(() => page.locator("#typing").textContent(), `${other} is typing…`);
  expect(new Set(await page.locator("#messages .author").allTextContents())).toEqual(new Set(names));

  const topic = '<b>topic</b> javascript:alert(1) https://example.com/"onclick=alert(1)';
  await writer?.request("PUT", "/api/rooms/lobby/topic", { text: topic });
  await until(() => page.locator("#topic span").textContent(), topic);
  const links = page.locator("#topic a");
  expect(await links.evaluateAll((found) => found.map((link) => link.outerHTML))).toEqual([
    '<a href="https://example.com/" target="_blank" rel="noopener noreferrer nofollow">https://example.com/</a>',
  ]);
  await writer?.request("POST", "/api/rooms", { name: "<b>room</b>" });
  await until(() => page.locator("#other-rooms .name").allTextContents(), ["<b>room</b>"]);
  await page.locator("#other-rooms a").click();
  await writer?.say(`<b>look</b> @${me}`);
  await until(() => page.locator(".toast .what").allTextContents(), [`<b>look</b> @${me}`]);
  await page.locator(".toast .open").click();
  await expectTexts(page, [...all, `<b>look</b> @${me}`]);

  // The only elements are those of the page itself: marked names, safe links and formats.
  const elements = await page
    .locator("#messages .text *")
    .evaluateAll((found) => found.map((each) => `${each.localName} ${each.getAttribute("href") ?? each.className}`));
  expect(elements).toEqual([
    "a https://example.com/",
    "a https://example.com/",
    "a https://example.com/%E2%80%8Fgpj.exe",
    "a https://example.invalid/x.png",
    "a https://example.invalid/",
    "a https://example.invalid/",
    "span mention",
    "span mention me-mentioned",
    ...["strong ", "code ", "ul ", "li ", "li ", "strong ", "pre ", "code "],
    "span mention me-mentioned",
  ]);
  expect(await page.locator("#messages a").first().getAttribute("rel")).toBe("noopener noreferrer nofollow");
  expect(await page.locator(":is(.author, .name, .what, .by, #typing, #my-name, h1) *").count()).toBe(0);
  await page.reload();
  await until(async () => (await textsOn(page)).length, all.length + 1);
  expect(surprises).toEqual([]);

  // The policy blocks a script that gets into the page anyway.
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.gotIn = true";
    document.body.append(script);
  });
  await until(() => surprises.some((surprise) => surprise.startsWith("violated: script-src")), true);
  expect(await page.evaluate(() => "gotIn" in globalThis)).toBe(false);
});
