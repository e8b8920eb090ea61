import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Entry, EventLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { killWithTest } from "../kill-with-test.ts";
import { contract } from "../leases/contract.ts";

const PROGRAM = fileURLToPath(new URL("writer-program.ts", import.meta.url));
/** The time of the lease. */
const TTL = 2_000;
/** Two seconds after its lease, the address of a dead writer has ended. A busy machine gets ten times as long. */
const NOTICED = TTL + 20_000;
const PATIENCE = 60_000;
const POLL = { timeout: PATIENCE, interval: 20 };
const answer = contract.answer({ id: "a" });

/** A log that several processes share. */
export interface SharedLog {
  readonly log: EventLog;
  /** What the program of the writer needs to open it, too. */
  readonly place: readonly string[];
  /** Sends SIGSTOP to a process that appends. Resolves when the others can append meanwhile. */
  readonly stop: (child: ChildProcess) => Promise<void>;
}

/** A process that is stopped holds nothing of a log whose appends are one command to its server. */
export async function stopAnywhere(child: ChildProcess): Promise<void> {
  child.kill("SIGSTOP");
}

/** A hub in this process, and a writer in another one, on one log. */
async function start({ log, place, stop }: SharedLog) {
  const hub = createHub(contract, { log, authorize: () => false, onLog: () => {} });
  onTestFinished(() => hub.close());
  const options = ["--import", "tsx", "--conditions=@tidings/source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...options, PROGRAM, "a", String(TTL), ...place], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = killWithTest(child);
  const said: string[] = [];
  createInterface(child.stdout).on("line", (line) => said.push(line));
  const entries = async (): Promise<readonly Entry[]> => (await log.recent([answer.path], 100_000)).entries;
  await expect.poll(async () => (await entries()).length, POLL).toBeGreaterThan(100);
  return { hub, child, kill, said, entries, stop: () => stop(child) };
}

type Started = Awaited<ReturnType<typeof start>>;

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

/** Registers tests with a writer that is killed, paused or stopped. @param open opens an empty log */
export function describeKilledWriter(open: () => Promise<SharedLog>): void {
  test(
    "the answer of a writer that was killed with kill -9 ends as aborted, soon after its lease",
    async () => {
      const started = await start(await open());
      const { hub, kill } = started;
      const lease = hub.lease(answer, { ttl: TTL, aborted: { outcome: "aborted" } });
      await expect(lease).rejects.toMatchObject({ code: "taken" });
      const heard = lastOf(hub.events(answer));
      await kill();
      const silence = silenceOf(await ended(started, "aborted"));
      console.log(`its answer has ended ${silence} ms after its last word, with a lease of ${TTL} ms`);
      expect(await heard).toMatchObject({ kind: "end", data: { outcome: "aborted" } });
      expect(silence).toBeGreaterThanOrEqual(TTL);
      expect(silence).toBeLessThanOrEqual(NOTICED);
    },
    PATIENCE,
  );

  test(
    "a writer that was stopped with SIGSTOP cannot publish after SIGCONT, and hears that its lease is lost",
    async () => {
      const started = await start(await open());
      await started.stop();
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
      const started = await start(await open());
      await started.hub.stop(answer, "enough");
      await ended(started, "stopped");
      await expect.poll(() => started.said, POLL).toEqual(["told stopped enough", "ended"]);
    },
    PATIENCE,
  );
}
