import { createClient, systemClock } from "@tidings/client";
import { expect, onTestFinished, test } from "vitest";
import { createProxy } from "../tcp-proxy.ts";
import { lobby, testContract } from "../../packages/contract/test/test-contract.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { CrowdProcess } from "./crowd-process.ts";
import { storedTexts } from "./stored-texts.ts";
import { amount, PATIENCE, record } from "./long-run.ts";
import { postJson } from "./post-json.ts";
import { buildHubProgram } from "../build-program.ts";
import { Publisher } from "./publisher.ts";
import { startHubProcess, type ServerProcess } from "./server-process.ts";

/** How many clients are of our package. */
const OWN = 50;
/** How many are plain readers. */
const PLAIN = amount(450, 4_950);
const CLIENTS = OWN + PLAIN;
/** Milliseconds between two messages of a publisher. */
const PACE = amount(100, 500);
/** Milliseconds over which a hub that closes spreads its clients. */
const DRAIN = amount(3_000, 10_000);
/** Milliseconds at the beginning of the window in which no client is meant to reconnect. */
const FLOOR = 500;

/** An attempt to connect. Times are milliseconds since 1970. */
interface Attempt {
  readonly requestedAt: number;
  /** Of the server that has answered. */
  readonly processId: string | null;
  readonly liveAt: number | null;
}

/** What both kinds of client report. */
interface Client {
  readonly surprises: readonly string[];
  readonly connections: readonly Attempt[];
}

interface OwnClient extends Client {
  readonly texts: readonly string[];
}

/**
 * Milliseconds by which the clock of our clients is ahead. It moves by ten seconds before each restart: a bye shortly
 * after the connection would count as a failure of the server.
 */
let elapsed = 0;
const clock = {
  ...systemClock,
  now: () => Date.now() + elapsed,
  monotonic: () => performance.now() + elapsed,
};

/** Starts a client of our package. */
function startClient(port: number): OwnClient {
  const texts: string[] = [];
  const surprises: string[] = [];
  const connections: { -readonly [Key in keyof Attempt]: Attempt[Key] }[] = [];
  const client = createClient(testContract, {
    url: `http://127.0.0.1:${port}/events`,
    clock,
    // A server that stops refuses or breaks requests. The client comes back.
    onError: ({ code, message }) => code === "network" || code === "refused" || surprises.push(message),
    async fetch(url, init) {
      const connection: (typeof connections)[number] = { requestedAt: Date.now(), processId: null, liveAt: null };
      connections.push(connection);
      const response = await fetch(url, init);
      connection.processId = response.headers.get("x-process");
      return response;
    },
  });
  onTestFinished(() => client.close());
  client.status.subscribe(({ state }) => {
    const connection = connections.at(-1);
    if (state === "live" && connection !== undefined) connection.liveAt ??= Date.now();
  });
  client.subscribe(lobby, {
    message: ({ text }) => texts.push(text),
    onGap: ({ reason }) => surprises.push(`gap ${reason}`),
  });
  return { texts, surprises, connections };
}

const isLive = ({ connections }: Client): boolean => typeof connections.at(-1)?.liveAt === "number";

test(
  `when two servers are replaced under load, each of ${CLIENTS} clients reconnects once, spread, and misses nothing`,
  async () => {
    const program = await buildHubProgram();
    const options = { path: await temporaryPath(), drain: DRAIN };
    const serving: ServerProcess[] = [await startHubProcess(program, options), await startHubProcess(program, options)];
    let turn = 0;
    // In turn to the processes that serve, like a balancer that removes a process before it stops.
    const balancer = await createProxy(() => serving[turn++ % serving.length]?.port ?? 0);
    onTestFinished(() => balancer.close());

    const crowd = await CrowdProcess.start();
    await crowd.run("follow", { port: balancer.port, count: PLAIN });
    const own = Array.from({ length: OWN }, () => startClient(balancer.port));
    await expect.poll(() => own.every(isLive), { timeout: 20_000 }).toBe(true);
    /** The current state of all clients, always in the same order. */
    const reports = async (): Promise<readonly Client[]> => [
      ...own.map((client) => ({ ...client, connections: [...client.connections] })),
      ...(await crowd.run("report")),
    ];
    const publishers = ["ada", "bo"].map(
      (name) => new Publisher(name, (text, key) => postJson(balancer.port, "/publish", { text, key }), PACE),
    );

    let busiest = 0;
    for (const former of [...serving]) {
      elapsed += 10_000;
      const before = await reports();
      const isConnected = before.map(({ connections }) => connections.at(-1)?.processId === String(former.pid));
      const share = isConnected.filter(Boolean).length;
      // Each of the two processes has enough clients, or the test would prove nothing.
      expect(share).toBeGreaterThan(CLIENTS / 3);

      serving.splice(serving.indexOf(former), 1);
      const stoppedAt = Date.now();
      const [code, successor] = await Promise.all([former.stop(), startHubProcess(program, options)]);
      expect(code).toBe(0);
      serving.push(successor);
      let after = before;
      const areBack = async () => {
        after = await reports();
        return after.every((client, index) => {
          const hasReconnected = client.connections.length > (before[index]?.connections.length ?? 0);
          return hasReconnected === isConnected[index] && isLive(client);
        });
      };
      await expect.poll(areBack, { timeout: 10 * DRAIN, interval: 500 }).toBe(true);

      // How many reconnected in each tenth of the window. A busy machine delays all of them alike.
      const tenths = new Map<number, number>();
      for (const [index, { connections }] of after.entries()) {
        const returned = connections.slice(before[index]?.connections.length);
        expect(returned, JSON.stringify(connections)).toHaveLength(isConnected[index] === true ? 1 : 0);
        for (const { requestedAt } of returned) {
          const tenth = Math.floor(((requestedAt - stoppedAt) / (DRAIN - FLOOR)) * 10);
          tenths.set(tenth, (tenths.get(tenth) ?? 0) + 1);
        }
      }
      const counts = [...tenths.values()];
      busiest = Math.max(busiest, ...counts.map((count) => count / share));
      expect(busiest, `${share} clients reconnected, by tenths of the window: ${counts.join(" ")}`).toBeLessThan(0.3);
    }

    await Promise.all(publishers.map((publisher) => publisher.stop()));
    const stored = await storedTexts(options.path);
    await expect.poll(() => own.every(({ texts }) => texts.length >= stored.length), { timeout: 20_000 }).toBe(true);
    await expect.poll(() => crowd.run("differing", stored), { timeout: 60_000, interval: 500 }).toBe(0);
    for (const { texts } of own) expect(texts).toEqual(stored);
    for (const { surprises } of await reports()) expect(surprises).toEqual([]);
    expect(stored.toSorted()).toEqual(publishers.flatMap(({ acked }) => acked).toSorted());
    record("rolling restart", {
      clients: CLIENTS,
      events: stored.length,
      lost: 0,
      gaps: 0,
      "reconnects each": 1,
      "in the busiest tenth of the window": `${(busiest * 100).toFixed()} %`,
    });
  },
  PATIENCE,
);
