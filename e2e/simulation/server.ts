import { createHub, type Clock, type HubOn, type HubRequest } from "@tidings/server";
import type { VirtualClock } from "@tidings/testing";
import { house } from "./contract.ts";
import { FaultyLog, type LogWorld } from "./faulty-log.ts";
import type { Random } from "./random.ts";
import type { Handle } from "./store.ts";
import type { Transaction } from "./transaction.ts";

/** What the schedule says of a server process. */
interface ServerOptions {
  readonly ringEntries: number;
  readonly pageEvents: number;
  readonly heartbeat: number;
  readonly maxAge: number;
}

interface State {
  readonly said: number[];
}

/** The most milliseconds that the application takes to answer. */
const MOST_SLOW = 3_000;

export interface ServerWorld extends LogWorld {
  readonly serverRandom: Random;
  readonly serverOptions: ServerOptions;
  /** When the credentials of a viewer end, in milliseconds since 1970. */
  expiryOf(viewer: string): number | undefined;
}

/** One server process: a hub, and what dies with it. */
export class Server {
  readonly hub: HubOn<typeof house, FaultyLog>;
  readonly log: FaultyLog;
  readonly clock: ProcessClock;
  /** The application's own, where its database is the log's. */
  readonly handle: Handle | null;
  /** The one that the application has open. */
  transaction: Transaction | null = null;
  /** Paths whose state is being loaded. */
  readonly #loading = new Set<string>();

  constructor(world: ServerWorld) {
    const { truth, serverRandom: random, serverOptions } = world;
    const { heartbeat, ...limits } = serverOptions;
    this.clock = new ProcessClock(world.clock);
    this.log = new FaultyLog(world);
    this.handle = world.store.connect();
    this.hub = createHub(house, {
      log: this.log,
      clock: this.clock,
      random,
      heartbeat,
      drain: 2_000,
      limits,
      authenticate: ({ headers }: HubRequest) => {
        const id = headers.get("viewer") ?? "";
        const expiresAt = world.expiryOf(id);
        return { id, ...(expiresAt === undefined ? {} : { expiresAt }) };
      },
      authorize: ({ viewer, path }) => answer(world, "rights", () => truth.allows(viewer.id, path)),
      snapshot: { room: ({ room }) => this.#load(world, `rooms/${room}`) },
      onLog: ({ event, error }) => {
        if (event !== "read-failed" && event !== "trim-failed" && event !== "retention")
          world.onTrouble(`the hub says ${event}: ${error instanceof Error ? error.stack : String(error)}`);
      },
    });
  }

  async #load(world: ServerWorld, path: string): Promise<State> {
    if (this.#loading.has(path)) world.onTrouble(`states that are asked for together share one load: ${path} has two`);
    this.#loading.add(path);
    const state = await answer(world, "states", () => ({ said: [...(world.truth.rows.get(path) ?? [])] }));
    this.#loading.delete(path);
    return state;
  }

  /** The process dies without a word. */
  kill(): void {
    this.clock.kill();
    this.#disconnect();
    this.log.kill();
  }

  /** The process ends in order. */
  close(): Promise<void> {
    this.#disconnect();
    return this.hub.close();
  }

  #disconnect(): void {
    this.transaction?.rollBack();
    this.handle?.close();
  }
}

/** What the application's database says, which may be late when it is loaded: it has looked before the wait, or looks after it. */
function answer<Answer>(world: ServerWorld, what: "states" | "rights", look: () => Answer): Answer | Promise<Answer> {
  const { weather, counts, clock, random } = world;
  const how = weather[what];
  if (how === "good") return look();
  counts.add(`${what} ${how}`);
  const old = look();
  return new Promise((resolve) => {
    const end = (): void => resolve(how === "old" ? old : look());
    clock.setTimeout(end, 1 + random() * MOST_SLOW);
  });
}

/** The clock of a process: its timers die with it, and those it has left behind can be counted. */
class ProcessClock implements Clock {
  readonly #clock: VirtualClock;
  readonly #timers = new Set<() => void>();
  #isDead = false;
  readonly now: () => number;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    this.now = clock.now;
  }

  get pending(): number {
    return this.#timers.size;
  }

  setTimeout(task: () => void, milliseconds: number): () => void {
    if (this.#isDead) return () => {};
    const cancel = this.#clock.setTimeout(() => {
      this.#timers.delete(end);
      task();
    }, milliseconds);
    const end = (): void => {
      this.#timers.delete(end);
      cancel();
    };
    this.#timers.add(end);
    return end;
  }

  defer(task: () => void): void {
    if (!this.#isDead) this.#clock.defer(() => this.#isDead || task());
  }

  kill(): void {
    this.#isDead = true;
    for (const cancel of [...this.#timers]) cancel();
  }
}
