import { spawnSync } from "node:child_process";
import { laws, tryLaw, whyNot } from "@tidings/testing/wire";
import { expect, test } from "vitest";
import { startChat } from "./chat.ts";
import { runNodeTest } from "./run-node-test.ts";
import { chatTrial } from "./wire/chat-server.ts";
import { pythonServer } from "./wire/python-server.ts";

// The suite as other people run it: against servers that were not made for it, and under the test runner of Node.

const chat = chatTrial(async () => {
  const { server, url } = await startChat();
  return { url, stop: () => server.close() };
});

const triedOnChat = laws.filter((law) => whyNot(law, chat) === null).map((law) => [law.title, law] as const);

test.concurrent.each(triedOnChat)("the chat keeps %s", async (_title, law) => {
  await expect(tryLaw(law, chat)).resolves.toBeUndefined();
});

const hasPython = spawnSync("python3", ["--version"]).status === 0;

test.skipIf(!hasPython)(
  "a server in Python passes the laws that it can be tried on; node:test says what was skipped and why (needs python3)",
  async () => {
    const output = await runNodeTest("wire.node.ts");
    const untried = laws.filter((law) => whyNot(law, pythonServer) !== null);
    expect(output.split("\n").filter((line) => /^ *not ok/.test(line))).toEqual([]);
    expect(output).toContain(`# pass ${laws.length - untried.length}\n# fail 0`);
    expect(output.match(/# SKIP not tried, for want of/g)).toHaveLength(untried.length);
  },
  120_000,
);

test("a law that cannot be tried fails when it is tried all the same", async () => {
  const law =
    laws.find((each) => whyNot(each, pythonServer) !== null) ??
    expect.fail("Expected a law that the Python server cannot be tried on.");
  await expect(tryLaw(law, pythonServer)).rejects.toThrow(/not tried, for want of/);
});

test("a control that is missing without a reason fails the laws that need it", async () => {
  const law = laws.find(({ needs }) => needs.includes("failOver")) ?? expect.fail("Expected a law on failovers.");
  const { failOver: _, ...lacks } = pythonServer.lacks ?? {};
  await expect(tryLaw(law, { ...pythonServer, lacks })).rejects.toThrow(/Expected "failOver" of the server/);
});
