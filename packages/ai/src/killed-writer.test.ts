import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { sqliteLog } from "@tidings/log-sqlite";
import Database from "libsql";
import { expect, onTestFinished, test, vi } from "vitest";
import { ChatApp } from "../test/chat-app.ts";
import { ai } from "../test/contract.ts";
import { temporaryFile } from "../test/temporary-file.ts";
import { tidingsStream } from "./tanstack.ts";

const PROGRAM = fileURLToPath(new URL("../test/writer-program.ts", import.meta.url));
const TTL = 1_000;
const PATIENCE = 60_000;
/** A process that writes the run "r", and what it says. */
async function startWriter(file: string) {
  const options = ["--import", "tsx", "--conditions=@tidings/source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...options, PROGRAM, file, "r", String(TTL)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return { child, closed };
}

const until = (fact: () => void) => vi.waitFor(fact, { timeout: PATIENCE, interval: 10 });

test(
  "the answer of a process that was killed with kill -9 ends as interrupted, with the text so far, also after a reload",
  async () => {
    const file = await temporaryFile();
    const app = new ChatApp(sqliteLog(file));
    const { child, closed } = await startWriter(file);

    const finishes: (string | undefined)[] = [];
    const open = () => app.open([], ({ finishReason }) => finishes.push(finishReason));
    const page = open();
    const resuming = page.resumeStream();
    await until(() => expect(page.answer).toBe("Tea is "));
    child.kill("SIGKILL");
    await closed;
    await resuming;
    expect([page.answer, page.status, page.error]).toEqual(["Tea is ", "ready", undefined]);

    // Nobody has saved this answer, so a reload has it from the log.
    const reloaded = open();
    await reloaded.resumeStream();
    expect(reloaded.messages).toEqual(page.messages);
    expect(finishes).toEqual(["interrupted", "interrupted"]);

    // The same for TanStack AI.
    const joining = new Request("http://app.test/api/chat?offset=-1&runId=r");
    const stream = await tidingsStream(app.hub, joining, { run: ai.run({ chatId: "c", runId: "r" }) });
    const chunks = [];
    for await (const { chunk } of stream.read("-1")) chunks.push(chunk);
    expect(chunks.slice(-2)).toMatchObject([{ delta: "Tea is " }, { type: "RUN_ERROR", code: "aborted" }]);

    // The chat goes on.
    const next = page.sendMessage({ text: "And coffee?" });
    await until(() => expect(app.model.signals.length).toBe(1));
    app.model.say("Coffee, too.");
    app.model.finish();
    await next;
    expect(page.answer).toBe("Coffee, too.");
  },
  PATIENCE,
);

test(
  "a process that was killed with kill -9 between its last chunk and the end of its run leaves all of its words, once",
  async () => {
    const file = await temporaryFile();
    const app = new ChatApp(sqliteLog(file));
    const { child, closed } = await startWriter(file);
    const finishes: (string | undefined)[] = [];
    const page = app.open([], ({ finishReason }) => finishes.push(finishReason));
    const resuming = page.resumeStream();
    await until(() => expect(page.answer).toBe("Tea is "));

    // While somebody else writes to the file, the end of the run cannot be stored.
    const database = new Database(file);
    onTestFinished(() => void database.close());
    await until(() => void database.exec("begin immediate"));
    const finished = once(child.stdout, "data");
    child.stdin.write("finish\n");
    await finished;
    child.kill("SIGKILL");
    await closed;
    database.exec("rollback");

    await resuming;
    expect([page.answer, page.status, finishes]).toEqual(["Tea is ", "ready", ["interrupted"]]);
    const ends = [];
    for await (const item of app.hub.events(ai.run({ chatId: "c", runId: "r" }), { after: null })) {
      if (item.kind === "end") ends.push(item.data);
    }
    expect(ends).toEqual([{ outcome: "aborted", reason: null }]);
  },
  PATIENCE,
);
