import type { HubRequest } from "@tidings/server";
import type { VirtualClock } from "@tidings/testing";
import {
  job,
  feeds,
  contract,
  rooms,
  symbols,
  viewers,
  type AnyAddress,
  type NumberedPublication,
} from "./contract.ts";
import { Counts } from "./coverage.ts";
import { graceOf } from "./deadline.ts";
import { GOOD, type LogCall, type Weather } from "./faulty-log.ts";
import type { Diary, Seen } from "./diary.ts";
import { Follower, type Beginning } from "./follower.ts";
import type { Actor } from "./actor.ts";
import { actors } from "./actors.ts";
import { NumberedEvents } from "./numbered-events.ts";
import { failOver, type FailoverWorld } from "./outages.ts";
import type { AckedRecheck } from "./permits.ts";
import { PlainReader } from "./plain-reader.ts";
import type { ClientProgram } from "./program.ts";
import { Programs } from "./programs.ts";
import { drawnFrom, pick } from "./random.ts";
import { Server, type ServerWorld } from "./server.ts";
import type { HubKeep, SeededSettings } from "./settings.ts";
import type { Store } from "./store.ts";
import { Transaction } from "./transaction.ts";
import { Truth } from "./truth.ts";

/** Milliseconds that retention keeps an entry. */
export const AGE = 3_600_000;
const HEARTBEAT = 4_000;
/** For one event of this many, the followers of its address wait. */
const WAITED_FOR = 3;
/** A viewer gets new credentials so many milliseconds before the end of the old ones. */
const RENEWED = 100;
/** Turns of promises that a log in memory needs to append. */
const BURST_TURNS = 12;

/** Everything that a schedule acts on: servers, clients, the log between them, and the truth about what happened. */
export class World implements ServerWorld, FailoverWorld {
  readonly clock: VirtualClock;
  readonly truth: Truth;
  readonly store: Store;
  readonly counts = new Counts();
  readonly events = new NumberedEvents();
  readonly weather: Weather = { ...GOOD };
  readonly random;
  readonly serverRandom;
  readonly serverOptions;
  readonly servers: Server[] = [];
  /** Servers that have been told to close. */
  readonly formerServers: Server[] = [];
  readonly programs: Programs;
  readonly clients: readonly ClientProgram[];
  readonly followers: Follower[] = [];
  /** A reader without our client, in some schedules. */
  readonly plain: PlainReader | null;
  /** Programs of the application that act by themselves, in some schedules. */
  readonly actors: readonly Actor[];
  /** The first thing that went wrong. */
  violation: string | null = null;
  /** The follower for which a promise was broken; null for other violations. */
  failedFollower: Diary | null = null;
  /** By viewer: when its credentials end. */
  readonly expiries = new Map<string, number>();
  /** When the last of all credentials ends, by the clock that does not jump. */
  lastExpiry = 0;
  hasJumped = false;
  readonly ackedRechecks = new Set<AckedRecheck>();
  ambush: { readonly what: LogCall; readonly lost: number } | null = null;
  /** The schedule is over. */
  isCalm = false;
  /** Reads of the log were slow or failed at some time, so hubs may have been late. */
  hasBadReads = false;
  /** States were slow to load at some time, so a follower may have shared an older load. */
  hasSlowStates = false;
  hasSlowRights = false;
  hasLateRows = false;
  /** Whether retention drops nothing because there is too much of it. */
  readonly #keepsMuch: boolean;
  readonly #rules: SeededSettings["rules"];
  /** Servers that have begun. */
  #begun = 0;

  constructor(plan: SeededSettings, clock: VirtualClock, store: Store) {
    this.clock = clock;
    this.store = store;
    if (plan.engine === "sqlite") this.counts.add("on SQLite");
    this.truth = new Truth({ entries: plan.kept, age: AGE }, plan.keptBytes);
    this.#rules = plan.rules;
    this.#keepsMuch = plan.kept >= 1_000 && plan.keptBytes === Infinity && plan.rules.length === 0;
    this.random = drawnFrom(plan.seed ^ 0x5eed, plan.draws);
    this.serverRandom = drawnFrom(plan.seed ^ 0x5e21, plan.draws);
    this.serverOptions = {
      ringEntries: plan.ringEntries,
      pageEvents: plan.pageEvents,
      heartbeat: HEARTBEAT,
      maxAge: plan.maxAge,
      drag: plan.drag,
    };
    for (let index = 0; index < plan.servers; index++) this.servers.push(new Server(this));
    this.programs = new Programs(this, drawnFrom(plan.seed ^ 0xc11e, plan.draws));
    this.clients = viewers.map((viewer) => this.programs.openClient(viewer));
    this.plain = plan.hasPlain
      ? new PlainReader(this, this.programs.open("u0"), [rooms[0], feeds[0], contract.inbox({ user: "u0" })])
      : null;
    this.actors = plan.actors.map((name) => {
      const { salt, begin } = actors[name];
      return begin(this, drawnFrom(plan.seed ^ salt, plan.draws));
    });
  }

  get diaries(): readonly Diary[] {
    return [...this.followers, ...(this.plain?.diaries ?? [])];
  }

  /** Late answers may still come. */
  get hasSlowAnswers(): boolean {
    return this.hasBadReads || this.hasSlowStates || this.hasSlowRights;
  }

  get hasRestarts(): boolean {
    return this.counts.of("restart") > 0;
  }

  get grace(): number {
    return graceOf(this);
  }

  readonly onViolation = (what: string): void => {
    this.violation ??= what;
  };

  onSeen(seen: Seen, { manner }: Diary): void {
    if (manner === "plain") this.counts.add(`${seen.kind} without our client`);
    this.counts.add(seen.kind === "gap" ? `gap ${seen.gap.reason}` : seen.kind);
    if (seen.kind === "closed") this.counts.add(`closed ${seen.reason}`);
  }

  onPlain(what: string): void {
    this.counts.add(what);
  }

  nextKeep(): HubKeep | undefined {
    return this.#rules[this.#begun++ % this.#rules.length];
  }

  letIn(viewer: string, request: HubRequest): number | undefined {
    const { clock } = this;
    const given = this.expiries.get(viewer);
    // After its credentials have ended, a viewer gets new ones. The clock of a busy server is ahead of ours.
    const expiresAt = given !== undefined && given - clock.now() > RENEWED ? given : undefined;
    this.programs.letIn(request, expiresAt === undefined ? Infinity : expiresAt - clock.now() + clock.time);
    return expiresAt;
  }

  // Publishers.

  /** @param care below a half, the publisher has an idempotency key and tries again until it gets an answer */
  publish(batch: readonly NumberedPublication[], care: number): void {
    const events = care >= 0.5 ? batch : batch.map((event) => ({ ...event, idempotencyKey: `${event.data.n}` }));
    const publish = (attempts: number): void => {
      this.server.hub.publishAll(events).then(
        (published) => this.#acked(events, published),
        () => {
          if (care < 0.5 && attempts > 0) this.clock.setTimeout(() => publish(attempts - 1), 700);
        },
      );
    };
    publish(3);
    // Some publishers do not wait for the answer.
    if (care < 0.2) publish(0);
  }

  /** Ends the job, once: a retry has the same idempotency key. A late one is refused. */
  end(): void {
    const data = { n: this.events.nextNumber() };
    const end = (attempts: number): void => {
      this.server.hub.end(job, data, { idempotencyKey: `${data.n}` }).then(
        () => this.counts.add("address ended"),
        () => {
          if (attempts > 0) this.clock.setTimeout(() => end(attempts - 1), 700);
        },
      );
    };
    end(3);
  }

  /** Begins a transaction of the application, publishes in it, or ends it. */
  transact(publications: readonly NumberedPublication[], how: number): void {
    const { server } = this;
    const transaction = server.transaction ?? Transaction.begin(this, server);
    if (transaction === null) return;
    const isNew = server.transaction === null;
    server.transaction = transaction;
    if (isNew || how < 0.3) for (const publication of publications) transaction.publish(publication);
    // The others stay open for a while.
    if (how < 0.35) transaction.commit();
    else if (how < 0.6) transaction.rollBack();
  }

  clear(address: AnyAddress, at: number): void {
    const cleared =
      address.name === "feed"
        ? this.server.hub.clear(address, "price", pick(symbols, at))
        : address.name === "room"
          ? this.server.hub.clear(address, "topic")
          : null;
    cleared?.catch(() => {});
  }

  // Followers.

  follow(program: ClientProgram, address: AnyAddress, isLoop: boolean, beginning: Beginning | null = null): void {
    this.followers.push(new Follower(this, program, address, isLoop ? "loop" : "handlers", beginning));
  }

  setOnline({ connection }: ClientProgram, isOnline: boolean): void {
    this.counts.add(isOnline ? "online" : "offline");
    connection.isOnline = isOnline;
    connection.onNetwork();
  }

  /** The server that a request or a publisher reaches. */
  get server(): Server {
    return pick(this.servers, this.serverRandom());
  }

  /** @param how many of the next pieces come twice, below a half only the next one of one connection */
  repeat(at: number, how: number): void {
    const open = this.programs.exchanges;
    if (open.length === 0) return;
    this.counts.add("bytes twice");
    if (this.truth.epochEnds.length > 0) this.counts.add("bytes twice, and a failover");
    if (how < 0.5) pick(open, at).repeat();
    else pick(this.clients, at).echoes += Math.floor(how * 20);
  }

  async burst(): Promise<void> {
    this.publish(this.events.everyValue(), 1);
    for (let turn = 0; turn < BURST_TURNS; turn++) await Promise.resolve();
  }

  async failOverNow(): Promise<void> {
    const { ambush } = this;
    this.ambush = null;
    if (ambush !== null) await failOver(this, ambush.lost);
  }

  // Admission.

  disconnect(viewer: string): void {
    this.counts.add("disconnect");
    this.server.hub.disconnect({ viewer }).catch(() => {});
  }

  jump(milliseconds: number): void {
    // By a clock that jumps, nobody could say when credentials end, and how late a row is.
    if (this.lastExpiry > 0 || this.hasLateRows) return;
    this.counts.add("clock jump");
    this.hasJumped = true;
    this.clock.jump(milliseconds);
  }

  /** Rows become readable later than their events, as far as events come again after a state. */
  delayRows(milliseconds: number): void {
    if (this.hasJumped || !this.#keepsMuch) return;
    this.counts.add("rows late");
    this.hasLateRows = true;
    this.weather.rowsLag = milliseconds;
  }

  expire(viewer: string, milliseconds: number): void {
    // With a clock that jumps, their end is not known.
    if (this.hasJumped) return;
    this.counts.add("credentials that end");
    this.expiries.set(viewer, this.clock.now() + milliseconds);
    this.lastExpiry = Math.max(this.lastExpiry, this.clock.time + milliseconds);
    this.clock.setTimeout(() => this.expiries.delete(viewer), milliseconds);
  }

  #acked(events: readonly NumberedPublication[], published: readonly { readonly id: string }[]): void {
    this.counts.add("acked", events.length);
    for (const [index, { id }] of published.entries()) {
      const n = events[index]?.data.n ?? 0;
      const fact = this.truth.find(n, id);
      if (fact === undefined) {
        this.onViolation(`acked is appended: ${n} was acked as ${id}, and the log does not have it there`);
      } else if (n % WAITED_FOR === 0) {
        for (const each of this.followers.filter(({ address }) => address.path === fact.path)) void each.waitFor(fact);
      }
    }
  }
}
