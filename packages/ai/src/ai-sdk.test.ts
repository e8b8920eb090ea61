import { memoryLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { describe, expect, test, vi } from "vitest";
import { ChatApp } from "../test/chat-app.ts";
import { ai } from "../test/contract.ts";
import { temporaryFile } from "../test/temporary-file.ts";
import type { TestChat } from "../test/test-chat.ts";

const chat = ai.chat({ chatId: "c" });
/** Waits for a fact. Only a machine that hangs needs so long. */
const until = (fact: () => void) => vi.waitFor(fact, { timeout: 15_000, interval: 5 });

/** One process on a log in memory, and two on one SQLite file: a page may come to either. */
const deployments = {
  "in memory": async () => {
    const app = new ChatApp(memoryLog());
    return [app, app] as const;
  },
  "on two hubs with one SQLite file": async () => {
    const file = await temporaryFile();
    return [new ChatApp(sqliteLog(file)), new ChatApp(sqliteLog(file))] as const;
  },
};

/** Asks, and waits until the page shows the first words of the answer. */
async function ask(app: ChatApp, page: TestChat): Promise<{ readonly sending: Promise<void> }> {
  const sending = page.sendMessage({ text: "What is tea?" });
  await until(() => expect(app.model.signals.length).toBe(1));
  app.model.say("Tea ", "is ");
  await until(() => expect(page.answer).toBe("Tea is "));
  return { sending };
}

/** What is left of a page after a reload: the messages that the application has saved, here only the question. */
const questionOf = (page: TestChat) => page.messages.slice(0, 1);

describe.each(Object.entries(deployments))("%s", (_, deploy) => {
  test("a page that is reloaded in mid-answer shows the text so far at once, and the rest once", async () => {
    const [one, other] = await deploy();
    const page = one.open();
    const { sending } = await ask(one, page);
    one.model.say("a ");
    await until(() => expect(page.answer).toBe("Tea is a "));
    // All that the page had is gone.
    await page.stop();
    await sending;
    const reloaded = other.open(questionOf(page));
    const resuming = reloaded.resumeStream();
    await until(() => expect(reloaded.shown).toEqual(["Tea is a "]));
    one.model.say("drink.");
    one.model.finish();
    await resuming;
    expect(reloaded.shown).toEqual(["Tea is a ", "Tea is a drink."]);
    expect(reloaded.messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
    expect(one.model.signals).toHaveLength(1);
    expect(one.errors).toEqual([]);
  });

  test("a second tab and a second device read the same answer, and nobody reads it once it is saved", async () => {
    const [one, other] = await deploy();
    const page = one.open();
    const { sending } = await ask(one, page);
    const [tab, phone] = [one.open(questionOf(page)), other.open(questionOf(page))];
    const resuming = Promise.all([tab.resumeStream(), phone.resumeStream()]);
    await until(() => expect([tab.answer, phone.answer]).toEqual(["Tea is ", "Tea is "]));
    one.model.say("hot.");
    one.model.finish();
    await Promise.all([sending, resuming]);
    expect([page.answer, tab.answer, phone.answer]).toEqual(["Tea is hot.", "Tea is hot.", "Tea is hot."]);
    // The answer was saved before its end came, and it has the same id everywhere.
    expect(one.saved.get("c")).toEqual(page.messages);
    expect(tab.messages).toEqual(page.messages);
    const late = other.open(page.messages);
    await late.resumeStream();
    expect(late.shown).toEqual([]);
  });

  test("somebody stops the answer at another device: the model hears it, and what was said stays", async () => {
    const [one, other] = await deploy();
    const page = one.open();
    const { sending } = await ask(one, page);
    await other.hub.stop(chat, "enough");
    await sending;
    expect(one.model.signals[0]?.aborted).toBe(true);
    expect([page.answer, page.status]).toEqual(["Tea is ", "ready"]);
    expect(one.saved.get("c")).toMatchObject([{ role: "user" }, { parts: [{}, { text: "Tea is " }] }]);
    expect(await endOf(other, await runOf(one))).toEqual({ outcome: "stopped", reason: "enough" });
    expect(one.errors).toEqual([]);
  });

  test("a request that comes twice, to two processes, starts one run, and both read it", async () => {
    const [one, other] = await deploy();
    const page = one.open();
    const { sending } = await ask(one, page);
    const asked = one.requests.find(({ method }) => method === "POST");
    const body = await asked?.clone().text();
    const again = () => other.fetch("http://app.test/api/chat", { method: "POST", body: body ?? "" });
    expect((await again()).status).toBe(200);
    one.model.say("hot.");
    one.model.finish();
    await sending;
    // Also when it is over.
    expect((await again()).status).toBe(200);
    const calls = new Set([...one.model.signals, ...other.model.signals]);
    expect(calls.size).toBe(1);
    expect(await endOf(other, await runOf(one))).toEqual({ outcome: "finished", reason: null });
  });

  test("a chat has one run at a time; the next one begins as soon as a page has the end", async () => {
    const [one, other] = await deploy();
    const page = one.open();
    const { sending } = await ask(one, page);
    const phone = other.open(questionOf(page));
    await phone.sendMessage({ text: "And coffee?" });
    expect([phone.status, phone.error?.message]).toEqual(["error", "The chat has another run."]);
    one.model.say("hot.");
    one.model.finish();
    await sending;
    const asking = other.open(page.messages);
    const next = asking.sendMessage({ text: "And coffee?" });
    const isSame = one === other;
    await until(() => expect(other.model.signals.length).toBe(isSame ? 2 : 1));
    other.model.say("Coffee, too.");
    other.model.finish();
    await next;
    expect(asking.answer).toBe("Coffee, too.");
    expect(asking.error).toBe(undefined);
  });
});

/** The id of the first run that a page has asked a process for. */
async function runOf({ requests }: ChatApp): Promise<string> {
  const asked = requests.find(({ method }) => method === "POST");
  const { runId = "" } = ((await asked?.clone().json()) ?? {}) as { readonly runId?: string };
  return runId;
}

/** How a run has ended, as another process sees it. */
async function endOf({ hub }: ChatApp, runId: string): Promise<unknown> {
  for await (const item of hub.events(ai.run({ chatId: "c", runId }))) {
    if (item.kind === "end") return item.data;
  }
  return null;
}
