import type { EventLog, NewEntry } from "@tidings/log";

// What appends and reads cost in a log that several processes share. Read the ratios.

/** How long each rate is measured, in milliseconds, and how often. */
const TIME = 2_000;
const ROUNDS = 5;
const PAGE_LIMIT = { entries: 200, bytes: 1 << 20 };
const DATA = JSON.stringify({ author: "ada", text: "x".repeat(100) });

const entryOf = (channel: string): NewEntry => ({ channel, type: "message", mode: "reliable", data: DATA });

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Returns the entries per second that the publishers append together. Each waits for its batch before the next one. */
async function appendRate(log: EventLog, publishers: number, batch: number): Promise<number> {
  const entries = Array.from({ length: batch }, (_, n) => entryOf(`rooms/${n % 10}`));
  let appended = 0;
  const start = performance.now();
  const publish = async (): Promise<void> => {
    while (performance.now() - start < TIME) {
      await log.append(entries);
      appended += batch;
    }
  };
  await Promise.all(Array.from({ length: publishers }, publish));
  return appended / ((performance.now() - start) / 1_000);
}

async function printAppends(log: EventLog): Promise<void> {
  const cases = {
    "one publisher": [1, 1],
    "16 publishers": [16, 1],
    "256 publishers": [256, 1],
    "one publisher, batches of 100": [1, 100],
  } as const;
  const rates = Object.fromEntries(Object.keys(cases).map((name) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    // Alternating, so that a slow moment of the machine meets all of them.
    for (const [name, [publishers, batch]] of Object.entries(cases)) {
      rates[name]?.push(await appendRate(log, publishers, batch));
    }
  }
  const single = median(rates["one publisher"] ?? []);
  console.table(
    Object.entries(rates).map(([append, each]) => ({
      append,
      "entries per second": Math.round(median(each)).toLocaleString("en"),
      "x one publisher": (median(each) / single).toFixed(1),
    })),
  );
}

/** Returns the median time of a call, in milliseconds. */
async function medianTime(call: () => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (const end = performance.now() + 1_000; performance.now() < end;) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return median(times).toFixed(2);
}

async function printReads(log: EventLog): Promise<void> {
  const channels = Array.from({ length: 500 }, (_, n) => `rooms/${n}`);
  for (let n = 0; n < 40; n++) {
    await log.append(Array.from({ length: 500 }, (_, m) => entryOf(channels[(m * 7_919) % 500] ?? "")));
  }
  const head = await log.head();
  const back = { ...head, seq: head.seq - 20_000 };
  const rows = [];
  for (const wanted of [...[1, 10, 100, 500].map((count) => channels.slice(0, count)), null]) {
    rows.push({
      channels: wanted?.length ?? "all",
      "a page, 20,000 back (ms)": await medianTime(() => log.read(back, wanted, PAGE_LIMIT)),
      "caught up (ms)": await medianTime(() => log.read(head, wanted, PAGE_LIMIT)),
      "50 newest (ms)": wanted === null ? "" : await medianTime(() => log.recent(wanted, 50)),
    });
  }
  console.table(rows);
}

/** Prints how long a publisher who pauses waits for the acknowledgement, and another process for the doorbell. */
async function printLatency(log: EventLog, other: EventLog): Promise<void> {
  const acknowledged: number[] = [];
  const woken: number[] = [];
  // The doorbell begins with the first watcher, and rings once.
  other.watch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  for (let round = 0; round < 100; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const start = performance.now();
    const ring = new Promise<void>((resolve) => {
      const stop = other.watch(() => {
        stop();
        woken.push(performance.now() - start);
        resolve();
      });
    });
    await log.append([entryOf("a")]);
    acknowledged.push(performance.now() - start);
    await ring;
  }
  console.log(
    `An append is acknowledged after ${median(acknowledged).toFixed(1)} ms, ` +
      `and another process is woken after ${median(woken).toFixed(1)} ms (medians).`,
  );
}

/** Prints all of it. @param other another handle of the same log, as another process has it */
export async function printCosts(log: EventLog, other: EventLog): Promise<void> {
  console.log(`Node ${process.version}`);
  await printAppends(log);
  await printLatency(log, other);
  await printReads(log);
}
