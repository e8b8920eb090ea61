import { createClient, type Client } from "@tidings/client";
import { createPresence as followPresence, type Followed, type PersonOf } from "@tidings/client/presence";
import { memoryLog, type EventLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import { createHub, type Clock, type Hub } from "@tidings/server";
import { createPresence, type Presence } from "@tidings/server/presence";
import { MemoryNetwork, VirtualClock } from "@tidings/testing";
import { Suspendable } from "../suspendable.ts";
import { app, hall, lobby, type App } from "./contract.ts";

type Person = PersonOf<App, "people">;

/** One server process. */
export interface Server {
  readonly hub: Hub<App>;
  readonly presence: Presence<App>;
  readonly network: MemoryNetwork;
  /** What `onError` of presence has got. */
  readonly errors: unknown[];
  /** The log answers nothing while this is set. */
  isCutOff: boolean;
  /** No timer runs while this is set, as in a process that was stopped. Late timers run when it is taken back. */
  isPaused: boolean;
  /** As `kill -9`: it says nothing more, and its connections break. */
  kill(): Promise<void>;
  /** As a deployment: presence closes, then the hub. */
  close(): Promise<void>;
}

/** One tab of a viewer. */
export interface Tab {
  readonly client: Client<App>;
  readonly people: Followed<readonly Person[]>;
  /** The names that have been shown, whenever that changed. */
  readonly seen: (readonly string[])[];
  /** All others who came and went, as `+ada` and `-ada`. */
  readonly changes: string[];
  /** Everything that came on this tab's connections, in bytes. */
  readonly bytes: () => number;
  /** How many gaps it has met at the lobby. */
  readonly gaps: () => number;
  /** Follows the number of people in the hall. */
  crowd(): Followed<number>;
  /** Breaks the connections, and lets none come about until the function that it returns is called. */
  goOffline(): () => void;
  /** Later connections go to another server. */
  moveTo(server: Server): void;
  names(): readonly string[];
}

interface ServerOptions {
  readonly mostPeople?: number;
  readonly mostAddresses?: number;
  readonly grace?: number;
  readonly drain?: number;
  /**
   * No timer is shorter, in milliseconds, as on a machine that is busy. So a day has fewer steps: otherwise a hub looks
   * at its log and at its streams every second. @default 0
   */
  readonly shortestTimer?: number;
}

/** Servers on one log, and their clients, in virtual time. */
export class Cluster {
  readonly clock = new VirtualClock();
  readonly log: EventLog;

  constructor(log?: (clock: VirtualClock) => EventLog) {
    this.log = log?.(this.clock) ?? memoryLog({ now: this.clock.now });
  }

  start(options: ServerOptions = {}): Server {
    const { clock } = this;
    const { drain = 5_000, shortestTimer = 0, ...presenceOptions } = options;
    const network = new MemoryNetwork();
    const errors: unknown[] = [];
    const process = new Suspendable();
    const processClock = process.clockOn(clock);
    const ownClock: Clock = {
      ...processClock,
      setTimeout: (task, milliseconds) => processClock.setTimeout(task, Math.max(milliseconds, shortestTimer)),
    };
    const answer = <Result>(ask: () => Promise<Result>): Promise<Result> =>
      server.isCutOff ? new Promise(() => {}) : ask();
    const log = wrapLog(this.log, {
      append: (batch) => answer(() => this.log.append(batch)),
      read: (...parameters) => answer(() => this.log.read(...parameters)),
      head: () => answer(() => this.log.head()),
      current: (...parameters) => answer(() => this.log.current(...parameters)),
      trim: () => answer(() => this.log.trim()),
      close: async () => {},
    });
    const hub = createHub(app, {
      log,
      clock: ownClock,
      random: () => 0.5,
      drain,
      authenticate: ({ headers }) => ({ id: headers.get("x-user") ?? "nobody" }),
      authorize: () => true,
      onConnect: (stream) => presence.connect(stream),
      onDisconnect: (stream) => presence.disconnect(stream),
      onLog: () => {},
      limits: { connectionsPerViewer: Infinity },
    });
    const presence = createPresence(hub, {
      contract: app,
      servers: app.servers(),
      clock: ownClock,
      onError: (error) => void errors.push(error),
      ...presenceOptions,
    });
    network.listener = (request) => hub.handle(request);
    const server: Server = {
      hub,
      presence,
      network,
      errors,
      isCutOff: false,
      get isPaused() {
        return process.isSuspended;
      },
      set isPaused(value) {
        if (value) process.suspend();
        else process.resume();
      },
      kill: async () => {
        server.isCutOff = true;
        server.isPaused = true;
        network.listener = null;
        for (const exchange of network.open) exchange.cut();
        await clock.settle();
      },
      close: async () => {
        await presence.close();
        network.listener = null;
        await hub.close();
        await clock.settle();
      },
    };
    return server;
  }

  /** Opens a tab, and waits until it has had what is there. */
  async open(viewer: string, server: Server): Promise<Tab> {
    let { network } = server;
    let bytes = 0;
    let gaps = 0;
    let isOffline = false;
    const open = new Set<AbortController>();
    const client = createClient(app, {
      url: "http://app.test/events",
      headers: { "x-user": viewer },
      fetch: async (url, init) => {
        if (isOffline) throw new TypeError("fetch failed");
        const cut = new AbortController();
        open.add(cut);
        const signal = init.signal ? AbortSignal.any([init.signal, cut.signal]) : cut.signal;
        const response = await network.fetch(url, { ...init, signal });
        const reader = response.body?.getReader();
        const read = reader?.read.bind(reader);
        // The body of this network has one reader only.
        if (reader && read) {
          reader.read = async () => {
            const result = await read();
            bytes += result.value?.byteLength ?? 0;
            return result;
          };
        }
        return response;
      },
      clock: this.clock,
      onError: () => {},
      random: () => 0.5,
    });
    const seen: (readonly string[])[] = [];
    const changes: string[] = [];
    const presence = followPresence(client, { contract: app, servers: app.servers(), clock: this.clock });
    // Whether somebody is told of their own arrival depends on which of the two streams is faster.
    const note = (sign: string) => (person: Person) =>
      void (person.viewer === viewer || changes.push(sign + person.viewer));
    const people = presence.people(lobby, { onJoin: note("+"), onLeave: note("-") });
    client.subscribe(lobby, { onGap: () => void gaps++ });
    const names = () => people.value.map((person) => person.viewer);
    people.subscribe(() => {
      if (JSON.stringify(seen.at(-1)) !== JSON.stringify(names())) seen.push(names());
    });
    await this.clock.settle();
    return {
      client,
      people,
      seen,
      changes,
      bytes: () => bytes,
      gaps: () => gaps,
      crowd: () => presence.count(hall),
      goOffline: () => {
        isOffline = true;
        for (const each of open) each.abort();
        return () => {
          isOffline = false;
        };
      },
      moveTo: (other) => {
        ({ network } = other);
      },
      names,
    };
  }

  /** The values that the log has of an address, as JSON. */
  async values(path: string): Promise<string[]> {
    const { entries } = await this.log.current([path], null, { entries: 10_000, bytes: 10_000_000 });
    return entries.map(({ data }) => data ?? "");
  }

  /** The position of the newest of these values. */
  async positionOf(path: string): Promise<number | undefined> {
    const { entries } = await this.log.current([path], null, { entries: 10_000, bytes: 10_000_000 });
    return entries.at(-1)?.seq;
  }

  async seq(): Promise<number> {
    return (await this.log.head()).seq;
  }
}
