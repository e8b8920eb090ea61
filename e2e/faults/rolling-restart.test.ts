import { createClient, systemClock } from "@tidings/client";
import { expect, onTestFinished, test } from "vitest";
import { createProxy } from "../tcp-proxy.ts";
import { CrowdProcess } from "./crowd-process.ts";
import { freshFile, storedTexts } from "./fresh-file.ts";
import { amount, PATIENCE, record } from "./long-run.ts";
import { postJson } from "./post-json.ts";
import { buildServedHub } from "./program.ts";
import { Publisher } from "./publisher.ts";
import { chat } from "./served-chat.ts";
import { startHub, type ServerProcess } from "./server-process.ts";

/** Our own clients, and those that only read. */
const REAL = 50;
const RAW = amount(450, 4_950);
const CLIENTS = REAL + RAW;
/** Milliseconds between two messages of a publisher. */
const PACE = amount(100, 500);
/** Milliseconds over which a hub that closes spreads its clients; the first half second belongs to nobody. */
const DRAIN = amount(3_000, 10_000);
const FLOOR = 500;

/** What the two kinds of client have in common: each attempt to connect, with the process that answered. */
interface Client {
  readonly surprises: readonly string[];
  /** `asked` is in milliseconds since 1970. */
  readonly visits: readonly { readonly asked: number; readonly server: string | null; readonly live: number | null }[];
}

interface OwnClient extends Client {
  readonly texts: readonly string[];
}

/** Ten seconds that only our clients know of: a bye before them would count as that of a server that fails at once. */
let elapsed = 0;
const clock = { ...systemClock, now: () => Date.now() + elapsed };

/** One of our own clients. */
function startClient(port: number): OwnClient {
  const texts: string[] = [];
  const surprises: string[] = [];
  const visits: { asked: number; server: string | null; live: number | null }[] = [];
  const client = createClient(chat, {
    url: `http://127.0.0.1:${port}/events`,
    clock,
    onError: (error) => surprises.push(error.message),
    async fetch(url, init) {
      const visit = { asked: Date.now(), server: null as string | null, live: null as number | null };
      visits.push(visit);
      const response = await fetch(url, init);
      visit.server = response.headers.get("x-process");
      return response;
    },
  });
  onTestFinished(() => client.close());
  client.status.subscribe(({ state }) => {
    const visit = visits.at(-1);
    if (state === "live" && visit !== undefined) visit.live ??= Date.now();
  });
  client.subscribe(chat.room({ roomId: "lobby" }), {
    message: ({ text }) => texts.push(text),
    onGap: ({ reason }) => surprises.push(`gap ${reason}`),
  });
  return { texts, surprises, visits };
}

const isLive = ({ visits }: Client): boolean => typeof visits.at(-1)?.live === "number";

test(
  `two processes on one file are replaced under load: each of ${CLIENTS} clients comes back once, spread over the drain window, and misses nothing`,
  async () => {
    const program = await buildServedHub();
    const options = { path: await freshFile(), drain: DRAIN };
    const serving: ServerProcess[] = [await startHub(program, options), await startHub(program, options)];
    let turn = 0;
    // In turn to whoever serves, as a balancer does that takes a process out before it is told to stop.
    const balancer = await createProxy(() => serving[turn++ % serving.length]?.port ?? 0);
    onTestFinished(() => balancer.close());

    const crowd = await CrowdProcess.start();
    await crowd.tell("follow", { port: balancer.port, count: RAW });
    const own = Array.from({ length: REAL }, () => startClient(balancer.port));
    await expect.poll(() => own.every(isLive), { timeout: 20_000 }).toBe(true);
    /** As they are now, in the same order each time. */
    const look = async (): Promise<readonly Client[]> => [
      ...own.map((client) => ({ ...client, visits: [...client.visits] })),
      ...(await crowd.tell("look")),
    ];
    const publishers = ["ada", "bo"].map(
      (name) => new Publisher(name, (text, key) => postJson(balancer.port, "/publish", { text, key }), PACE),
    );

    let busiest = 0;
    for (const former of [...serving]) {
      elapsed += 10_000;
      const before = await look();
      const concerned = before.map(({ visits }) => visits.at(-1)?.server === String(former.pid));
      const share = concerned.filter(Boolean).length;
      // Each of the two has its share, or this would say nothing.
      expect(share).toBeGreaterThan(CLIENTS / 3);

      serving.splice(serving.indexOf(former), 1);
      const told = Date.now();
      const [code, successor] = await Promise.all([former.stop(), startHub(program, options)]);
      expect(code).toBe(0);
      serving.push(successor);
      let after = before;
      const areBack = async () => {
        after = await look();
        return after.every(
          (client, at) => client.visits.length > (before[at]?.visits.length ?? 0) === concerned[at] && isLive(client),
        );
      };
      await expect.poll(areBack, { timeout: 10 * DRAIN, interval: 500 }).toBe(true);

      // By the tenth of the window in which they came; a machine that is busy moves all of them.
      const tenths = new Map<number, number>();
      for (const [at, { visits }] of after.entries()) {
        const returned = visits.slice(before[at]?.visits.length);
        expect(returned, JSON.stringify(visits)).toHaveLength(concerned[at] === true ? 1 : 0);
        for (const { asked } of returned) {
          const tenth = Math.floor(((asked - told) / (DRAIN - FLOOR)) * 10);
          tenths.set(tenth, (tenths.get(tenth) ?? 0) + 1);
        }
      }
      const counts = [...tenths.values()];
      busiest = Math.max(busiest, ...counts.map((count) => count / share));
      expect(busiest, `${share} clients came back in tenths of ${counts.join(" ")}`).toBeLessThan(0.3);
    }

    await Promise.all(publishers.map((publisher) => publisher.stop()));
    const stored = await storedTexts(options.path);
    await expect.poll(() => own.every(({ texts }) => texts.length >= stored.length), { timeout: 20_000 }).toBe(true);
    await expect.poll(() => crowd.tell("differing", stored), { timeout: 60_000, interval: 500 }).toBe(0);
    for (const { texts } of own) expect(texts).toEqual(stored);
    for (const { surprises } of await look()) expect(surprises).toEqual([]);
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
