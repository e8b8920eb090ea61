import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Entry } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import Database from "libsql";
import { expect, onTestFinished, test } from "vitest";
import { killWithTest } from "../kill-with-test.ts";
import { contract } from "../leases/contract.ts";
import { temporaryPath } from "../temporary-folder.ts";

const PROGRAM = fileURLToPath(new URL("writer-program.ts", import.meta.url));
/** The time of the lease, and the longest time until its address has ended after its writer has died. */
const TTL = 2_000;
const NOTICED = TTL + 2_000;
const PATIENCE = 60_000;
const POLL = { timeout: PATIENCE, interval: 20 };
const answer = contract.answer({ id: "a" });

/** A hub in this process, and a writer in another one, on one file. */
async function start() {
  const path = await temporaryPath();
  const log = sqliteLog(path);
  const hub = createHub(contract, { log, authorize: () => false, onLog: () => {} });
  onTestFinished(() => hub.close());
  const options = ["--import", "tsx", "--conditions=@tidings/source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...options, PROGRAM, path, "a", String(TTL)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = killWithTest(child);
  const said: string[] = [];
  createInterface(child.stdout).on("line", (line) => said.push(line));
  const entries = async (): Promise<readonly Entry[]> => (await log.recent([answer.path], 100_000)).entries;
  await expect.poll(async () => (await entries()).length, POLL).toBeGreaterThan(100);
  return { hub, child, kill, said, entries, path };
}

type Started = Awaited<ReturnType<typeof start>>;

/** Whether nobody writes to the file at this moment. */
function isFree(file: Database.Database): boolean {
  try {
    file.exec("begin immediate");
  } catch {
    return false;
  }
  file.exec("rollback");
  return true;
}

/** Stops the writer between two commits. If it is stopped within a commit, it holds the file, and nobody can write. */
async function stopBetweenCommits({ child, entries, path }: Started): Promise<void> {
  const file = new Database(path);
  onTestFinished(() => void file.close());
  child.kill("SIGSTOP");
  while (!isFree(file)) {
    child.kill("SIGCONT");
    const { length } = await entries();
    await expect.poll(async () => (await entries()).length, POLL).toBeGreaterThan(length);
    child.kill("SIGSTOP");
  }
}

/** What the log has of the answer, as soon as it has ended: every number once and in order, then the end. */
async function ended({ entries }: Pick<Started, "entries">, outcome: string): Promise<readonly Entry[]> {
  await expect.poll(async () => (await entries()).at(-1)?.type, POLL).toBe("end");
  const all = await entries();
  expect(all.map(({ data }) => data)).toEqual([
    ...all.slice(0, -1).map((_, number) => `{"text":"${number}"}`),
    `{"outcome":"${outcome}"}`,
  ]);
  return all;
}

/** The last that a reader gets of an address. */
async function lastOf<Item>(items: AsyncIterable<Item>): Promise<Item | undefined> {
  let last: Item | undefined;
  for await (const item of items) last = item;
  return last;
}

/** Milliseconds from the last word of the writer to the end. */
function silenceOf(entries: readonly Entry[]): number {
  const [word, end] = entries.slice(-2);
  return (end?.at ?? 0) - (word?.at ?? 0);
}

test(
  "the answer of a writer that was killed with kill -9 ends as aborted, within two seconds after its lease",
  async () => {
    const started = await start();
    const { hub, kill } = started;
    const lease = hub.lease(answer, { ttl: TTL, aborted: { outcome: "aborted" } });
    await expect(lease).rejects.toMatchObject({ code: "taken" });
    const heard = lastOf(hub.events(answer));
    await kill();
    const silence = silenceOf(await ended(started, "aborted"));
    expect(await heard).toMatchObject({ kind: "end", data: { outcome: "aborted" } });
    expect(silence).toBeGreaterThanOrEqual(TTL);
    expect(silence).toBeLessThanOrEqual(NOTICED);
  },
  PATIENCE,
);

test(
  "a writer that was stopped with SIGSTOP cannot publish after SIGCONT, and hears that its lease is lost",
  async () => {
    const started = await start();
    await stopBetweenCommits(started);
    const before = await ended(started, "aborted");
    started.child.kill("SIGCONT");
    await expect.poll(() => started.said, POLL).toEqual(["told lost ", "refused lost"]);
    expect(await started.entries()).toEqual(before);
  },
  PATIENCE,
);

test(
  "a writer that is stopped by hub.stop of another process ends in its own words",
  async () => {
    const started = await start();
    await started.hub.stop(answer, "enough");
    await ended(started, "stopped");
    await expect.poll(() => started.said, POLL).toEqual(["told stopped enough", "ended"]);
  },
  PATIENCE,
);
