import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import { z } from "zod";
import {
  createClient,
  type Client,
  type ClientOptions,
  type Network,
  type Status,
  type StreamError,
  type TraceRecord,
  type Watchable,
} from "../src/index.ts";
import { FakeServer } from "./fake-server.ts";
import { VirtualClock } from "../../testing/src/virtual-clock.ts";

export const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    {
      message: z.object({ text: z.string() }),
      typing: volatile(z.object({ author: z.string() })),
      topic: latest(z.object({ text: z.string() })),
    },
    { snapshot: z.object({ messages: z.array(z.string()) }) },
  ),
  inbox: channel("users/:userId/inbox", { mention: z.object({ by: z.string() }), visit: z.object({ at: isoDate }) }),
});

export const lobby = chat.room({ roomId: "lobby" });
export const inbox = chat.inbox({ userId: "ada" });
export const other = chat.inbox({ userId: "bob" });

/** The network as a test wants it. */
export class FakeNetwork implements Network {
  #online = true;
  readonly #listeners = new Set<() => void>();

  isOnline(): boolean {
    return this.#online;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  set(online: boolean): void {
    this.#online = online;
    this.look();
  }

  /** The page is looked at again. */
  look(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

export interface ClientKit {
  readonly client: Client<typeof chat>;
  readonly server: FakeServer;
  readonly clock: VirtualClock;
  readonly network: FakeNetwork;
  readonly errors: StreamError[];
  readonly trace: TraceRecord[];
}

/**
 * A client in virtual time with a server of the test's own. Jitter is half of what it may be, unless `random` says
 * otherwise.
 */
export function createKit(options: Partial<ClientOptions> = {}): ClientKit {
  const server = new FakeServer();
  const clock = new VirtualClock();
  const network = new FakeNetwork();
  const errors: StreamError[] = [];
  const trace: TraceRecord[] = [];
  const client = createClient(chat, {
    url: "/events",
    fetch: server.fetch,
    clock,
    network,
    random: () => 0.5,
    onError: (error) => errors.push(error),
    onLog: (record) => trace.push(record),
    ...options,
  });
  return { client, server, clock, network, errors, trace };
}

/** What a person would see, from now on. */
export function watch(status: Watchable<Status>): string[] {
  const name = (value: Status) => ("reason" in value ? `${value.state}: ${value.reason}` : value.state);
  const seen = [name(status.value)];
  status.subscribe((value) => seen.push(name(value)));
  return seen;
}
