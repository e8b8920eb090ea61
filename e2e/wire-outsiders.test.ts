import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { laws, tryLaw, whyNot } from "@tidings/testing/wire";
import { expect, test } from "vitest";
import { startChat } from "./chat.ts";
import { chatTrial } from "./wire/chat-server.ts";
import { pythonServer } from "./wire/python-server.ts";

// The suite as others run it: against servers that are not furnished for it, and under Node's own test runner.

const chat = chatTrial(async () => {
  const { server, url } = await startChat();
  return { url, stop: () => server.close() };
});

const triedOnChat = laws.filter((law) => whyNot(law, chat) === null).map((law) => [law.title, law] as const);

test.concurrent.each(triedOnChat)("the chat keeps %s", async (_title, law) => {
  await expect(tryLaw(law, chat)).resolves.toBeUndefined();
});

const run = promisify(execFile);
const hasPython = spawnSync("python3", ["--version"]).status === 0;

test.skipIf(!hasPython)(
  "a server in Python keeps what it has of the protocol, and node:test says what was not tried, and why (needs python3)",
  async () => {
    const script = fileURLToPath(new URL("wire.node.ts", import.meta.url));
    // Node tells the children of its test runner that they are; vitest's are not.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { stdout } = await run(
      process.execPath,
      ["--import", "tsx", "--conditions=@tidings/source", "--test-reporter=tap", "--test", script],
      { env, cwd: import.meta.dirname },
    ).catch((error: { readonly stdout: string }) => error);
    const untried = laws.filter((law) => whyNot(law, pythonServer) !== null);
    expect(stdout.split("\n").filter((line) => /^ *not ok/.test(line))).toEqual([]);
    expect(stdout).toContain(`# pass ${laws.length - untried.length}\n# fail 0`);
    expect(stdout.match(/# SKIP not tried, for want of/g)).toHaveLength(untried.length);
  },
  120_000,
);

test("a law that cannot be tried is no law that was kept", async () => {
  const law = laws.find((each) => whyNot(each, pythonServer) !== null) ?? expect.fail("Expected such a law.");
  await expect(tryLaw(law, pythonServer)).rejects.toThrow(/not tried, for want of/);
});

test("a control that is missing without a reason fails the laws that need it", async () => {
  const law = laws.find(({ needs }) => needs.includes("failOver")) ?? expect.fail("Expected a law on failovers.");
  const { failOver: _, ...lacks } = pythonServer.lacks ?? {};
  await expect(tryLaw(law, { ...pythonServer, lacks })).rejects.toThrow(/Expected "failOver" of the server/);
});
