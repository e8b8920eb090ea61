import { createPresence, type Presence } from "@tidings/server/presence";
import { createHub, type HubOn, type HubRequest, type TraceRecord } from "@tidings/server";
import { contract } from "./contract.ts";
import { FaultyLog, type LogWorld } from "./faulty-log.ts";
import { ProcessClock } from "./process-clock.ts";
import type { Random } from "./random.ts";
import type { HubKeep } from "./settings.ts";
import type { Handle } from "./store.ts";
import type { Transaction } from "./transaction.ts";

/** The settings of a server process. */
interface ServerOptions {
  readonly ringEntries: number;
  readonly pageEvents: number;
  readonly heartbeat: number;
  readonly maxAge: number;
  /** Milliseconds that pass for the process whenever it reads its clock: this makes it busy. */
  readonly drag: number;
}

interface State {
  readonly said: number[];
}

/** The most milliseconds that the application takes to answer. */
const MOST_SLOW = 3_000;

export interface ServerWorld extends LogWorld {
  readonly serverRandom: Random;
  readonly serverOptions: ServerOptions;
  /** What the hub of a server that begins says about how much is kept. */
  nextKeep(): HubKeep | undefined;
  /** When the credentials of a request end that arrives now, in milliseconds since 1970. */
  letIn(viewer: string, request: HubRequest): number | undefined;
}

/** What a hub reports in a schedule: its log fails, keeps little, rights are refused, and writers die. */
const EXPECTED_EVENTS: ReadonlySet<TraceRecord["event"]> = new Set([
  "lease",
  "read-failed",
  "rules-failed",
  "trim-failed",
  "retention",
  "refuse",
]);

/** One server process: a hub, and what dies with it. */
export class Server {
  readonly hub: HubOn<typeof contract, FaultyLog>;
  readonly presence: Presence<typeof contract>;
  readonly log: FaultyLog;
  readonly clock: ProcessClock;
  /** The application's own, where the log is in its database. */
  readonly handle: Handle | null;
  /** The one that the application has open. */
  transaction: Transaction | null = null;
  #isConnected = true;
  /** The loads in progress: a path, and from where on it may be read. */
  readonly #loading = new Set<string>();

  constructor(world: ServerWorld) {
    const { truth, serverRandom: random, serverOptions } = world;
    const { heartbeat, drag, ...limits } = serverOptions;
    this.clock = new ProcessClock(world.clock, drag, () => world.counts.add("turn over"));
    this.log = new FaultyLog(world);
    this.handle = world.store.connect();
    const keep = world.nextKeep();
    this.hub = createHub(contract, {
      ...(keep !== undefined && { keep }),
      log: this.log,
      clock: this.clock,
      random,
      heartbeat,
      drain: 2_000,
      limits,
      authenticate: (request: HubRequest) => {
        const id = request.headers.get("viewer") ?? "";
        const expiresAt = world.letIn(id, request);
        return { id, ...(expiresAt === undefined ? {} : { expiresAt }) };
      },
      authorize: ({ viewer, path }) => answer(world, "rights", () => truth.rights.decide(viewer.id, path)),
      snapshot: { room: ({ room }, { readableFrom }) => this.#load(world, `rooms/${room}`, readableFrom) },
      onConnect: (stream) => this.presence.connect(stream),
      onDisconnect: (stream) => this.presence.disconnect(stream),
      onLog: ({ event, error }) => {
        if (!EXPECTED_EVENTS.has(event)) {
          world.onViolation(
            `the hub logs no error: it logged ${event}, ${error instanceof Error ? error.stack : String(error)}`,
          );
        }
      },
    });
    this.presence = createPresence(this.hub, {
      contract,
      servers: contract.servers(),
      clock: this.clock,
      // The log fails, which the schedule knows.
      onError: () => {},
    });
  }

  async #load(world: ServerWorld, path: string, readableFrom: string | null): Promise<State> {
    const load = `${path} from ${readableFrom}`;
    if (this.#loading.has(load)) world.onViolation(`concurrent requests of a state share one load: ${load} has two`);
    this.#loading.add(load);
    const state = await answer(world, "states", () => {
      const { rowsLag } = world.weather;
      const since = rowsLag > 0 ? world.clock.now() - rowsLag : Infinity;
      return { said: world.truth.rowsAfter(path, readableFrom, since) };
    });
    this.#loading.delete(load);
    return state;
  }

  /** The process dies at once. */
  kill(): void {
    this.clock.kill();
    this.#disconnect();
    this.log.kill();
  }

  /** The process ends in order. */
  async close(): Promise<void> {
    this.#disconnect();
    await this.presence.close();
    await this.hub.close();
  }

  #disconnect(): void {
    this.transaction?.rollBack();
    if (this.#isConnected) this.handle?.close();
    this.#isConnected = false;
  }
}

/**
 * An answer of the application's database. It may come late. Then the database was read either before the wait or
 * after it.
 */
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
