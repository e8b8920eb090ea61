import { expect, test } from "vitest";
import { createKit, inbox, lobby, other } from "../test/client-kit.ts";
import { ModelServer } from "../test/model-server.ts";
import { settle } from "../test/virtual-clock.ts";
import type { Gap, StreamError } from "./index.ts";

const RUNS = 600;
const STEPS = 50;

/** Mulberry32, public domain by Tommy Ettinger: small, seeded, good enough for schedules. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What one subscriber was told, in order. */
type Told = { readonly event: string } | { readonly gap: Gap } | { readonly state: readonly string[] };

interface Subscriber {
  readonly path: string;
  readonly told: Told[];
  /** Events that were there when it was first live: it may have begun after them. */
  before: number | null;
  closed: boolean;
  stop(): void;
  /** Reads one event, where that is for the subscriber to do. */
  read?(): void;
}

/** Returns how many events were handled. */
async function simulate(seed: number): Promise<number> {
  const random = randomOf(seed);
  const pick = (count: number) => Math.floor(random() * count);
  const kit = createKit({ random });
  const model = new ModelServer(kit.server);
  /** All that was ever published, by path. */
  const published = new Map<string, string[]>([lobby, inbox, other].map(({ path }) => [path, []]));
  const lost = new Set<string>();
  const subscribers: Subscriber[] = [];

  const publish = (path: string) => {
    model.publish(path);
    published.get(path)?.push(model.events.at(-1)?.text ?? "");
  };
  const handlers = (subscriber: Subscriber) => ({
    onGap: (gap: Gap) => {
      subscriber.told.push({ gap });
    },
    onClose: () => {
      subscriber.closed = true;
    },
  });
  const add = (kind: number) => {
    const told: Told[] = [];
    const base = { told, before: null, closed: false, stop: () => {} };
    if (kind === 0) {
      const subscriber: Subscriber = { ...base, path: lobby.path };
      const subscription = kit.client.subscribe(lobby, {
        ...handlers(subscriber),
        snapshot: ({ messages }) => told.push({ state: messages }),
        message: ({ text }) => told.push({ event: text }),
      });
      subscriber.stop = () => subscription.close();
      subscribers.push(subscriber);
    } else if (kind === 1) {
      const address = pick(2) === 0 ? inbox : other;
      const subscriber: Subscriber = { ...base, path: address.path };
      const subscription = kit.client.subscribe(address, {
        ...handlers(subscriber),
        mention: ({ by }) => told.push({ event: by }),
      });
      const look = () => {
        if (subscription.status.value.state === "live") subscriber.before ??= published.get(address.path)?.length ?? 0;
      };
      subscription.status.subscribe(look);
      look();
      subscriber.stop = () => subscription.close();
      subscribers.push(subscriber);
    } else {
      const address = pick(2) === 0 ? inbox : other;
      const subscriber: Subscriber = { ...base, path: address.path };
      const events = kit.client.events(address, { capacity: 2, onGap: (gap) => told.push({ gap }) });
      subscriber.stop = () => void events.return?.();
      subscriber.read = () =>
        void events.next().then(
          (result) =>
            result.done === true
              ? (subscriber.closed = true)
              : told.push({ event: (result.value.data as { by: string }).by }),
          (error: StreamError) => expect.unreachable(error.message),
        );
      subscribers.push(subscriber);
    }
  };

  const paths = [lobby.path, inbox.path, other.path];
  const steps: (() => void | Promise<void>)[] = [
    () => publish(paths[pick(3)] ?? ""),
    () => publish(paths[pick(3)] ?? ""),
    () => publish(paths[pick(3)] ?? ""),
    () => publish(paths[pick(3)] ?? ""),
    () => model.connections.forEach((connection) => model.write(connection)),
    () => model.connections.forEach((connection) => model.write(connection)),
    () => model.answer(pick(model.waiting), pick(4), 1 + pick(5)),
    () => model.answer(pick(model.waiting), 0, 100),
    () => subscribers.forEach((subscriber) => subscriber.read?.()),
    () => kit.clock.advance(random() * 3_000),
    () => add(pick(3)),
    () => {
      if (pick(4) === 0) subscribers[pick(subscribers.length)]?.stop();
    },
    () => {
      const [connection] = model.connections;
      if (connection !== undefined && pick(2) === 0) model.cut(connection);
    },
    () => {
      if (pick(3) === 0) model.refuse(pick(model.waiting), pick(2) === 0 ? null : 503);
    },
    () => {
      if (pick(4) !== 0) return;
      model.trim(paths[pick(3)] ?? "", pick(3));
      for (const event of model.events) if (event.trimmed) lost.add(event.text);
    },
    async () => {
      if (pick(10) !== 0) return;
      for (const event of model.events) lost.add(event.text);
      model.reset();
      await kit.clock.advance(61_000);
    },
  ];

  add(pick(3));
  add(pick(3));
  for (let step = 0; step < STEPS; step++) {
    await steps[pick(steps.length)]?.();
    await settle();
  }
  // The weather clears: everything is answered in time, and everybody catches up.
  for (let round = 0; round < 20; round++) {
    await kit.clock.advance(4_000);
    for (let busy = true; busy;) {
      busy = model.waiting > 0;
      while (model.waiting > 0) model.answer(0, 0, 100);
      for (const connection of model.connections) while (model.write(connection)) busy = true;
      await settle();
    }
    for (let reads = 0; reads < 4; reads++) {
      for (const subscriber of subscribers) subscriber.read?.();
      await settle();
    }
  }
  for (const subscriber of subscribers) check(subscriber, published.get(subscriber.path) ?? [], lost, `seed ${seed}`);
  expect(kit.errors, `seed ${seed}`).toEqual([]);
  kit.client.close();
  await settle();
  expect(kit.clock.pending, `seed ${seed}`).toBe(0);
  return subscribers.reduce((count, { told }) => count + told.filter((one) => "event" in one).length, 0);
}

/**
 * Every event exactly once and in order, from the first that was owed to the last, unless a gap or a state stands
 * between.
 */
function check(
  { told, before, closed }: Subscriber,
  published: readonly string[],
  lost: ReadonlySet<string>,
  label: string,
): void {
  const said = () => `${label}\n${JSON.stringify(told, null, 1)}\npublished ${JSON.stringify(published)}`;
  /** The index of the next event that is owed, or null where it may be any. */
  let next: number | null = null;
  for (const one of told) {
    if ("state" in one) {
      const last = one.state.at(-1);
      const end = last === undefined ? -1 : published.indexOf(last);
      next = end === -1 ? null : end + 1;
    } else if ("gap" in one) {
      const [epoch, after] = (one.gap.after ?? "").split(".");
      const real = published.some(
        (text) => lost.has(text) && text.split(".")[0] === epoch && Number(text.split(".")[1]) > Number(after),
      );
      if (one.gap.reason === "trimmed" && !real) expect.unreachable(`a gap without a loss, ${said()}`);
      next = null;
    } else {
      const index = published.indexOf(one.event);
      if (next !== null && index !== next)
        expect.unreachable(`expected ${published[next]}, got ${one.event}, ${said()}`);
      if (next === null && before !== null && told[0] === one && index > before)
        expect.unreachable(`began too late, ${said()}`);
      next = index + 1;
    }
  }
  if (!closed && next !== null && next !== published.length) {
    expect.unreachable(`expected ${published[next]}, got nothing, ${said()}`);
  }
  if (
    !closed &&
    told.length === 0 &&
    before !== null &&
    before < published.length &&
    !published.slice(before).every((text) => lost.has(text))
  ) {
    expect.unreachable(`never got ${published[before]}, ${said()}`);
  }
}

test(
  `${RUNS} random schedules: every event is handled once and in order, unless a gap was told`,
  { timeout: 60_000 },
  async () => {
    let handled = 0;
    for (let seed = 1; seed <= RUNS; seed++) handled += await simulate(seed);
    // A schedule in which nothing happens proves nothing.
    expect(handled).toBeGreaterThan(4 * RUNS);
  },
);
