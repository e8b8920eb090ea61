import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { chat } from "@tidings-apps/chat-contract";
import { expect, onTestFinished, test } from "vitest";
import { messagesIn } from "./chat-answers.ts";
import { setUpChatProcesses } from "./chat-process.ts";
import { visit } from "./chat.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const runDemo = setUpChatProcesses("src/demo.ts");

test("the demo has its own database, something to read at once, an answer, and a welcome for a visitor", async () => {
  const folder = await temporaryFolder();
  const demo = runDemo(folder, { PORT: "0" });
  const guest = await visit(await demo.url(), "guest");
  // The script says all of its lines before it goes on at the speed of people.
  await expect.poll(async () => (await guest.read(10)).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(6);
  expect((await readdir(join(folder, "data"))).filter((file) => !/-(wal|shm|head)$/.test(file))).toEqual([
    "chat.secret",
    "demo.db",
  ]);
  const client = guest.connect();
  onTestFinished(() => client.close());
  const by = await new Promise((resolve) => {
    client.subscribe(chat.inbox({ userId: "guest" }), {
      snapshot: () => {},
      mention: (mention) => resolve(mention.by),
    });
  });
  expect(by).toBe("Margaret");
  // The assistant has answered a question of the script.
  const states = async () => (await messagesIn(guest)).map(({ answer }) => answer?.state);
  await expect.poll(states, { timeout: 20_000 }).toContain("done");
  demo.child.kill("SIGTERM");
  expect(await demo.exit()).toBe(0);
  expect(demo.lines.err).toEqual([]);
}, 60_000);
