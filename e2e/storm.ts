import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { EventLog } from "@tidings/log";
import { expect } from "vitest";
import { Follower } from "../packages/log/test/follower.ts";
import { everything } from "../packages/log/test/entries.ts";
import { killWithTest } from "./kill-with-test.ts";

// Four processes append to one log at full speed, and one of them is killed again and again.

const PROGRAM = fileURLToPath(new URL("storm-program.ts", import.meta.url));
const STEADY = 3;
const KILLS = 5;
/** How much a process has to append before it is killed. */
const AT_WORK = 100;

/** Where the log is: an URL, and the name of the log or of its schema there. */
interface LogAddress {
  readonly url: string;
  readonly name: string;
}

/** Starts a process that appends. */
function startPublisher({ url, name: log }: LogAddress, name: string) {
  const options = ["--import", "tsx", "--conditions=@tidings/source"];
  const child = spawn(process.execPath, [...options, PROGRAM, url, log, name], { stdio: ["pipe", "pipe", "inherit"] });
  const kill = killWithTest(child);
  const acknowledged: string[] = [];
  const lines = createInterface(child.stdout).on("line", (line) => acknowledged.push(line));
  const closed = once(lines, "close");
  return {
    acknowledged,
    untilAtWork: () =>
      expect.poll(() => acknowledged.length, { timeout: 60_000, interval: 20 }).toBeGreaterThan(AT_WORK),
    async kill() {
      await kill();
      await closed;
    },
    async stop() {
      child.stdin.end();
      await closed;
      expect(child.exitCode ?? 0).toBe(0);
    },
  };
}

/** Each follower gets the final list, without a gap. What was acknowledged is in it, and nothing is in it twice. */
export async function expectCalmInStorm(address: LogAddress, open: () => Promise<EventLog>): Promise<void> {
  const log = await open();
  const followers = [];
  for (let number = 0; number < 2; number++) followers.push(await Follower.start(await open()));
  const steady = Array.from({ length: STEADY }, (_, number) => startPublisher(address, `steady ${number}`));
  const acknowledged: string[] = [];
  for (let number = 0; number < KILLS; number++) {
    const doomed = startPublisher(address, `doomed ${number}`);
    await doomed.untilAtWork();
    await doomed.kill();
    acknowledged.push(...doomed.acknowledged);
  }
  for (const publisher of steady) {
    await publisher.stop();
    acknowledged.push(...publisher.acknowledged);
  }
  const final = await everything(log);

  const stored = new Set(final);
  expect(stored.size).toBe(final.length);
  expect(acknowledged.filter((data) => !stored.has(data))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan((STEADY + KILLS) * AT_WORK);
  for (const follower of followers) {
    expect(await follower.finish()).toEqual(final);
    expect(follower.holes).toEqual([]);
  }
}
