import { createClient } from "@tidings/client";
import type { HubRequest } from "@tidings/server";
import { MemoryNetwork, type Exchange, type Listener, type VirtualClock } from "@tidings/testing";
import { contract } from "./contract.ts";
import type { Counts } from "./coverage.ts";
import { Deadline, type DeadlineWorld } from "./deadline.ts";
import type { Tick } from "./fact.ts";
import type { Weather } from "./faulty-log.ts";
import type { ClientProgram, Program } from "./program.ts";
import type { Random } from "./random.ts";
import type { Server } from "./server.ts";
import type { Truth } from "./truth.ts";

/** The bytes that fill a socket: few, since schedules are short. */
const HIGH_WATER = 2_048;
/** Bytes that may go into a full socket: the last events of a stream that ends. */
const FAREWELL = 2_000;

interface ProgramsWorld extends DeadlineWorld {
  readonly weather: Pick<Weather, "areStreamsKept">;
  readonly clock: VirtualClock;
  readonly truth: Truth;
  readonly counts: Counts;
  /** The server that a request reaches. */
  readonly server: Server;
  readonly onViolation: (what: string) => void;
}

/** All programs that read, and their connections. */
export class Programs {
  readonly #world: ProgramsWorld;
  readonly #random: Random;
  readonly #all: Program[] = [];
  readonly #servedBy = new Map<Exchange, Server>();
  readonly #writtenAt = new Map<Tick, number>();
  readonly #deadlines = new WeakMap<HubRequest, Deadline>();

  constructor(world: ProgramsWorld, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  get networks(): readonly MemoryNetwork[] {
    return this.#all.map(({ network }) => network);
  }

  /** Connections that are open. */
  get exchanges(): readonly Exchange[] {
    return this.networks.flatMap(({ open }) => [...open]);
  }

  get connected(): readonly Program[] {
    return this.#all.filter(({ network }) => network.open.size > 0);
  }

  serverOf(exchange: Exchange): Server | undefined {
    return this.#servedBy.get(exchange);
  }

  /** A hub has let a request in. @param end when its credentials end, in milliseconds since the world began */
  letIn(request: HubRequest, end: number): void {
    const deadline = this.#deadlines.get(request);
    if (deadline !== undefined) deadline.credentials = end;
  }

  open(viewer: string): Program {
    const world = this.#world;
    const { truth, counts, clock, onViolation } = world;
    const network = new MemoryNetwork();
    const arrivals: Tick[] = [];
    const program: Program = { viewer, network, arrivals, lastSentAt: 0, echoes: 0, changes: 0 };
    this.#all.push(program);
    let arrivedAt = -1;
    // The functions have names: V8 keeps a function that is written where it is assigned, and everything that the
    // function refers to, for a long time.
    const listener: Listener = (request, exchange) => {
      const { server } = world;
      this.#servedBy.set(exchange, server);
      const deadline = new Deadline(world, exchange.isStream);
      this.#deadlines.set(request, deadline);
      const stamp = (): Tick => {
        // The deadline does not concern refusals.
        const wrong = exchange.status === 200 ? deadline.judge() : null;
        if (wrong !== null) onViolation(`${wrong} (${viewer})`);
        const tick = truth.next();
        this.#writtenAt.set(tick, clock.time);
        return tick;
      };
      exchange.stamp = stamp;
      return server.hub.handle(request);
    };
    const onClose = ({ stops, overrun }: Exchange): void => {
      if (stops > 0) counts.add("socket full", stops);
      if (overrun > FAREWELL) onViolation(`buffers are bounded: ${overrun} bytes went into a socket that was full`);
    };
    const onOpen = (exchange: Exchange): void => {
      exchange.highWater = HIGH_WATER;
      if (exchange.isStream) truth.connects(program, clock.time);
      const onArrival = (tick: Tick): void => {
        arrivals.push(tick);
        const sentAt = this.#writtenAt.get(tick) ?? 0;
        program.lastSentAt = arrivedAt === clock.time ? Math.min(program.lastSentAt, sentAt) : sentAt;
        arrivedAt = clock.time;
        if (program.echoes > 0 && exchange.isStream) {
          program.echoes--;
          exchange.repeat();
        }
      };
      exchange.onArrival = onArrival;
      if (exchange.isStream && exchange.url.includes("after=")) counts.add("resume");
    };
    Object.assign(network, { listener, onClose, onOpen });
    return program;
  }

  openClient(viewer: string): ClientProgram {
    const { clock, counts, onViolation } = this.#world;
    const program = this.open(viewer);
    const { onOpen } = program.network;
    const { weather } = this.#world;
    const keep = (exchange: Exchange): void => {
      onOpen?.(exchange);
      if (exchange.isStream && weather.areStreamsKept) exchange.hold();
    };
    Object.assign(program.network, { onOpen: keep });
    const listeners = new Set<() => void>();
    const onNetwork = () => [...listeners].forEach((listener) => listener());
    const connection = { isOnline: true, onNetwork };
    const client = createClient(contract, {
      url: "http://hub/events",
      headers: { viewer },
      fetch: program.network.fetch,
      clock,
      random: this.#random,
      connectTimeout: 5_000,
      network: {
        isOnline: () => connection.isOnline,
        subscribe: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
      onError: (error) => {
        if (!["network", "timeout", "refused"].includes(error.code)) onViolation(String(error.stack));
      },
      onLog: () => {},
    });
    client.status.subscribe((status) => {
      program.changes++;
      if (status.state === "retrying" && status.reason === "max-age") counts.add("stream too old");
      if (status.state === "live" && status.transport === "poll") counts.add("followed by long polls");
      if (status.state === "retrying" && status.reason === "expired") counts.add("stream expired");
    });
    return Object.assign(program, { client, connection });
  }
}
