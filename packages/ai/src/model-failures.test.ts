import { memoryLog } from "@tidings/log";
import { expect, test, vi } from "vitest";
import { ChatApp } from "../test/chat-app.ts";
import { ai } from "../test/contract.ts";
import type { TestChat } from "../test/test-chat.ts";

const until = (fact: () => void) => vi.waitFor(fact, { timeout: 15_000, interval: 5 });

/** Asks, and lets the model fail. Returns the page, and one that is loaded later. */
async function ask(app: ChatApp, fail: (page: TestChat) => Promise<void>) {
  const page = app.open();
  const sending = page.sendMessage({ text: "What is tea?" });
  await until(() => expect(app.model.signals.length).toBe(1));
  await fail(page);
  await sending;
  const reloaded = app.open(page.messages.slice(0, 1));
  await reloaded.resumeStream();
  return { page, reloaded };
}

/** How the run has ended that the chat names as active. */
async function endOfActiveRun({ hub }: ChatApp): Promise<unknown> {
  let runId: string | null = null;
  for await (const item of hub.events(ai.chat({ chatId: "c" }), { after: null })) {
    if (item.kind !== "event") continue;
    ({ runId } = item.data);
    break;
  }
  if (runId === null) return null;
  for await (const item of hub.events(ai.run({ chatId: "c", runId }), { after: null })) {
    if (item.kind === "end") return item.data;
  }
  return null;
}

const FAILED = { outcome: "failed", reason: null };

test.for(["breakOff", "sayError"] as const)(
  "an answer whose model fails in the middle (%s) ends as failed, with the text so far, also after a reload",
  async (how) => {
    const app = new ChatApp(memoryLog());
    const { page, reloaded } = await ask(app, async ({ shown }) => {
      app.model.say("Tea ", "is ");
      await until(() => expect(shown).toEqual(["Tea is "]));
      app.model[how]();
    });
    for (const { answer, status, error } of [page, reloaded]) {
      expect([answer, status, error]).toEqual(["Tea is ", "error", expect.any(Error)]);
    }
    expect(await endOfActiveRun(app)).toEqual(FAILED);
  },
);

test("an answer whose model refuses the call ends as failed, and the next one begins", async () => {
  const app = new ChatApp(memoryLog());
  app.model.refuses = true;
  const { page, reloaded } = await ask(app, async () => {});
  expect([page.status, reloaded.status]).toEqual(["error", "error"]);
  expect(await endOfActiveRun(app)).toEqual(FAILED);
  app.model.refuses = false;
  const next = page.sendMessage({ text: "And coffee?" });
  await until(() => expect(app.model.signals.length).toBe(2));
  app.model.say("Coffee, too.");
  app.model.finish();
  await next;
  expect([page.answer, page.status]).toEqual(["Coffee, too.", "ready"]);
});
