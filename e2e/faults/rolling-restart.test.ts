import { createClient } from "@tidings/client";
import { expect, onTestFinished, test } from "vitest";
import { createProxy } from "../tcp-proxy.ts";
import { freshFile, storedTexts } from "./fresh-file.ts";
import { postJson } from "./post-json.ts";
import { buildServedHub } from "./program.ts";
import { Publisher } from "./publisher.ts";
import { startReaders } from "./readers.ts";
import { chat } from "./served-chat.ts";
import { startHub, type ServerProcess } from "./server-process.ts";

const REAL = 50;
const RAW = 450;
/** Milliseconds over which a hub that closes spreads its clients; the first half second belongs to nobody. */
const DRAIN = 3_000;
const FLOOR = 500;

/** What the two kinds of client have in common: what they got, and each attempt to connect with the process that answered. */
interface Client {
  readonly texts: readonly string[];
  readonly surprises: readonly string[];
  readonly visits: readonly { readonly asked: number; readonly server: string | null; readonly live: number | null }[];
}

/** Ten seconds that only our clients know of: a bye before them would count as that of a server that fails at once. */
let elapsed = 0;
const clock = {
  now: () => Date.now() + elapsed,
  setTimeout(task: () => void, milliseconds: number) {
    const timer = setTimeout(task, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** One of our own clients. */
function startClient(port: number): Client {
  const texts: string[] = [];
  const surprises: string[] = [];
  const visits: { asked: number; server: string | null; live: number | null }[] = [];
  const client = createClient(chat, {
    url: `http://127.0.0.1:${port}/events`,
    clock,
    onError: (error) => surprises.push(error.message),
    async fetch(url, init) {
      const visit = { asked: performance.now(), server: null as string | null, live: null as number | null };
      visits.push(visit);
      const response = await fetch(url, init);
      visit.server = response.headers.get("x-process");
      return response;
    },
  });
  onTestFinished(() => client.close());
  client.status.subscribe(({ state }) => {
    const visit = visits.at(-1);
    if (state === "live" && visit !== undefined) visit.live ??= performance.now();
  });
  client.subscribe(chat.room({ roomId: "lobby" }), {
    message: ({ text }) => texts.push(text),
    onGap: ({ reason }) => surprises.push(`gap ${reason}`),
  });
  return { texts, surprises, visits };
}

const isLive = ({ visits }: Client): boolean => typeof visits.at(-1)?.live === "number";

test("two processes on one file are replaced under load: each client comes back once, spread over the drain window, and misses nothing", async () => {
  const program = await buildServedHub();
  const options = { path: await freshFile(), drain: DRAIN };
  const serving: ServerProcess[] = [await startHub(program, options), await startHub(program, options)];
  let turn = 0;
  // In turn to whoever serves, as a balancer does that takes a process out before it is told to stop.
  const balancer = await createProxy(() => serving[turn++ % serving.length]?.port ?? 0);
  onTestFinished(() => balancer.close());

  const clients: Client[] = await startReaders(RAW, balancer.port);
  for (let number = 0; number < REAL; number++) clients.push(startClient(balancer.port));
  await expect.poll(() => clients.every(isLive), { timeout: 20_000 }).toBe(true);
  const publishers = ["ada", "bo"].map(
    (name) => new Publisher(name, (text, key) => postJson(balancer.port, "/publish", { text, key }), 100),
  );

  for (const former of [...serving]) {
    elapsed += 10_000;
    const concerned = clients.filter(({ visits }) => visits.at(-1)?.server === String(former.pid));
    const before = new Map(clients.map((client) => [client, client.visits.length]));
    // Each of the two has its share, or this would say nothing.
    expect(concerned.length).toBeGreaterThan((RAW + REAL) / 3);

    serving.splice(serving.indexOf(former), 1);
    const told = performance.now();
    const [code, successor] = await Promise.all([former.stop(), startHub(program, options)]);
    expect(code).toBe(0);
    serving.push(successor);
    const areBack = () =>
      concerned.every((client) => client.visits.length > (before.get(client) ?? 0) && isLive(client));
    await expect.poll(areBack, { timeout: 10 * DRAIN }).toBe(true);

    for (const client of clients) {
      expect(client.visits.length - (before.get(client) ?? 0)).toBe(concerned.includes(client) ? 1 : 0);
    }
    // By the tenth of the window in which they came; a machine that is busy moves all of them.
    const tenths = new Map<number, number>();
    for (const { visits } of concerned) {
      const tenth = Math.floor((((visits.at(-1)?.asked ?? 0) - told) / (DRAIN - FLOOR)) * 10);
      tenths.set(tenth, (tenths.get(tenth) ?? 0) + 1);
    }
    const counts = [...tenths.values()];
    expect(Math.max(...counts), `${concerned.length} clients came back in tenths of ${counts.join(" ")}`).toBeLessThan(
      (3 * concerned.length) / 10,
    );
  }

  await Promise.all(publishers.map((publisher) => publisher.stop()));
  const stored = await storedTexts(options.path);
  await expect.poll(() => clients.every(({ texts }) => texts.length >= stored.length), { timeout: 20_000 }).toBe(true);
  for (const { texts, surprises } of clients) {
    expect(texts).toEqual(stored);
    expect(surprises).toEqual([]);
  }
  expect(stored.toSorted()).toEqual(publishers.flatMap(({ acked }) => acked).toSorted());
}, 120_000);
