import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { killWithTest } from "../kill-with-test.ts";
import { temporaryPath } from "../temporary-folder.ts";

const PROGRAM = fileURLToPath(new URL("starter-program.ts", import.meta.url));
const RUNS = 20;

/** A process that starts runs, and the lines that it says. */
function startProcess(path: string, name: string) {
  const options = ["--import", "tsx", "--conditions=@tidings/source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...options, PROGRAM, path, name], { stdio: ["pipe", "pipe", "inherit"] });
  killWithTest(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    say: (line: string) => child.stdin.write(`${line}\n`),
    next: async () => String((await lines.next()).value),
  };
}

interface Answer {
  readonly isNew: boolean;
  readonly text: string;
  readonly outcome: string;
}

test("of two processes that start the same run on one file, one calls the model, and both read it", async () => {
  const path = await temporaryPath();
  const processes = [startProcess(path, "ada"), startProcess(path, "bob")];
  for (const { next } of processes) expect(await next()).toBe("ready");
  for (let number = 0; number < RUNS; number++) {
    for (const { say } of processes) say(`run-${number}`);
    const answers = (await Promise.all(processes.map(({ next }) => next()))).map((line) => JSON.parse(line) as Answer);
    const [writer, ...others] = answers
      .map(({ isNew }, index) => (isNew ? ["ada", "bob"][index] : null))
      .filter(Boolean);
    expect(others).toEqual([]);
    const answer = { text: `by ${writer}.`, outcome: "finished" };
    expect(answers).toMatchObject([answer, answer]);
  }
}, 60_000);
