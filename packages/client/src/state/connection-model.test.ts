import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyMoves, assertLaw, assertSame, isNoticed, move, withCell, type Move } from "../../test/model.ts";
import { createMachine, type Machine } from "../drive/machine.ts";
import { CONNECTING, IDLE_STATUS, LIVE, POLLING, type Ended, type Retrying, type Status } from "../status.ts";
import { IDLE, type ConnectionEffects, type ConnectionInputs, type ConnectionState } from "./connection-state.ts";
import { connectionTransition } from "./connection-table.ts";
import type { Ending } from "./ending.ts";
import type { Transport } from "./transport.ts";

type Table = typeof connectionTransition;
type Connection = Machine<ConnectionState, ConnectionInputs>;

interface Request {
  readonly transport: Transport;
  hasSaidHello: boolean;
}

/** What there is around a connection, and what an onlooker would say about it. */
interface World {
  isWanted: boolean;
  stream: Request | null;
  next: Request | null;
  isPausing: boolean;
  isDoubted: boolean;
  /** Whether a stream will be tried again. */
  isTrialPlanned: boolean;
  /** What was heard last. */
  news: Status;
  /** Why the last request for the next stream has failed. */
  pending: Retrying | Ended | null;
  /** How many streams in a row have not said hello in time. */
  silent: number;
  ends: number;
}

const NOW = 3;
const failureFor = ({ reason }: Ending): Retrying => ({
  state: "retrying",
  reason,
  since: NOW,
  at: NOW,
  cause: undefined,
});

/** Carries out what the table asks for, as drive/connection.ts does. */
function connect(table: Table, world: World): Connection {
  function ask(transport: Transport): Request | null {
    assertSame("how it asks", transport, world.silent < 2 ? "stream" : "poll");
    if (world.isWanted) return { transport, hasSaidHello: false };
    machine.input("unwanted", null);
    return null;
  }
  const machine: Connection = createMachine<ConnectionState, ConnectionInputs, ConnectionEffects>(
    IDLE,
    table,
    () => {},
    ({ kind }) => {
      if (kind !== "switching" && kind !== "requesting") world.next = null;
      if (kind === "idle" || kind === "retrying" || kind === "closed") {
        Object.assign(world, { stream: null, isDoubted: false });
      }
      if (kind === "idle" || kind === "closed") world.isTrialPlanned = false;
    },
    {
      open(transport) {
        world.next = null;
        world.stream = ask(transport);
      },
      prepare(transport) {
        world.next = ask(transport);
      },
      doubt() {
        world.isDoubted = true;
      },
      distrust() {
        world.isTrialPlanned = true;
      },
      promote() {
        if (world.next) takeOver(world, machine);
      },
      drop() {
        world.pending = null;
      },
      review: (_, input) => input("redo", false),
      trace: () => {},
      plan({ ending, attempts }, input) {
        if (ending.channels) return input("redo", true);
        if (ending.reason === "rejected") return input("close", ending);
        return input("retry", { attempts, lastFailure: failureFor(ending) });
      },
      planSuccessor({ ending, attempts }, input) {
        return ending.channels
          ? input("redo", ending.channels.length > 1)
          : input("retry", { attempts, lastFailure: failureFor(ending) });
      },
      wait() {
        world.isPausing = true;
        return () => {
          world.isPausing = false;
        };
      },
      end() {
        world.ends += 1;
      },
    },
  );
  return machine;
}

/** The next stream is the stream. */
function takeOver(world: World, { input }: Connection): void {
  Object.assign(world, { stream: world.next, next: null });
  input("adopted", null);
}

function kindIn({ stream, next, isPausing, news }: World): ConnectionState["kind"] {
  if (news.state === "closed") return "closed";
  if (!stream) return isPausing ? "retrying" : "idle";
  if (!stream.hasSaidHello) return "requesting";
  if (next) return "switching";
  return isPausing ? "postponed" : "live";
}

function expectTruth(world: World, { state }: Connection): void {
  const { kind, shown } = state;
  assertSame("its state", kind, kindIn(world));
  assertSame("its status", shown, world.news);
  assertSame("how often it has ended", world.ends, kind === "closed" ? 1 : 0);
  if (kind === "postponed") assertSame("why it waits", state.pending, world.pending);
  assertLaw("nobody stays on polls for ever", kind !== "live" || shown !== POLLING || world.isTrialPlanned);
}

/** A request has ended. Where it was to become a stream, and said nothing, the proxy may be the reason. */
function countSilence(world: World, request: Request, { reason }: Ending): void {
  if (!request.hasSaidHello && reason === "timeout") {
    world.silent = request.transport === "poll" ? 0 : world.silent + 1;
  }
}

/** The stream is over, and nothing takes its place at once. */
function noteEnd(world: World, ending: Ending): void {
  if (ending.reason === "rejected") world.news = { state: "closed", reason: "rejected", cause: undefined };
  else if (!ending.channels) world.news = failureFor(ending);
}

const nothing = fc.constant(null);
const timeout: Ending = { reason: "timeout" };
// Only several timeouts in a row lead to polls.
const outage = fc.constantFrom<Ending>(timeout, timeout, timeout, { reason: "network" }, { reason: "draining" });
const refusal = fc.constantFrom<Ending>(
  { reason: "forbidden", channels: ["a"] },
  { reason: "unknown", channels: ["a", "b"] },
);
const loss = fc.constantFrom<Ending>({ reason: "gap" }, { reason: "gap" }, { reason: "rejected" });
const end = fc.oneof({ weight: 6, arbitrary: outage }, refusal, loss);
const isOpen = ({ news }: World) => news.state !== "closed";

/** A move after which the world is compared with what the connection shows. */
function worldMove<Drawn>(
  name: string,
  drawn: fc.Arbitrary<Drawn>,
  run: (world: World, connection: Connection, drawn: Drawn) => void,
  isPossible?: (world: World) => boolean,
): Move<World, Connection> {
  return move(
    name,
    drawn,
    (world: World, connection: Connection, about) => {
      run(world, connection, about);
      expectTruth(world, connection);
    },
    isPossible,
  );
}

const moves = [
  worldMove("want", fc.constantFrom(true, true, true, false), (world, { input }, isWanted) => {
    world.isWanted = isWanted;
    if (isOpen(world)) {
      if (isWanted && world.news === IDLE_STATUS) world.news = CONNECTING;
      if (!isWanted) world.news = IDLE_STATUS;
    }
    input("wanted", isWanted);
    assertLaw("with nothing new, nothing waits", !world.stream?.hasSaidHello || !world.isPausing);
    if (!isWanted) world.silent = Math.min(world.silent, 1);
  }),
  worldMove(
    "hello",
    fc.boolean(),
    (world, connection, isNext) => {
      if (world.next && (isNext || world.stream?.hasSaidHello)) takeOver(world, connection);
      const { stream } = world;
      if (!stream || stream.hasSaidHello) return;
      stream.hasSaidHello = true;
      world.isDoubted = false;
      const isPoll = stream.transport === "poll";
      world.news = isPoll ? POLLING : LIVE;
      if (!isPoll) world.silent = 0;
      connection.input("hello", { now: 9, transport: stream.transport });
    },
    ({ stream }) => stream !== null,
  ),
  worldMove(
    "the stream ends",
    end,
    (world, { input }, ending) => {
      const { stream, next } = world;
      if (!stream) return;
      world.stream = null;
      if (!next || ending.channels || ending.reason === "gap") {
        countSilence(world, stream, ending);
        noteEnd(world, ending);
      }
      input("ended", ending);
    },
    ({ stream }) => stream !== null,
  ),
  worldMove(
    "the request for the next stream fails",
    fc.oneof(outage, refusal),
    (world, { input }, ending) => {
      if (!world.next) return;
      countSilence(world, world.next, ending);
      world.next = null;
      if (!ending.channels) world.pending = failureFor(ending);
      input("failed", ending);
    },
    ({ next }) => next !== null,
  ),
  worldMove(
    "the pause is over",
    nothing,
    (world, { input }) => {
      input("due", null);
      assertLaw("the pause is over", !world.isPausing);
    },
    ({ isPausing }) => isPausing,
  ),
  worldMove("online", fc.constantFrom(10, 20_000), (world, { input }, now) => {
    const isOld = world.stream?.hasSaidHello && !world.next && now > 10;
    input("online", now);
    assertLaw("an old stream is doubted", !isOld || world.isPausing || world.isDoubted);
  }),
  worldMove("offline", nothing, (world, { input }) => {
    const isAlone = world.stream?.hasSaidHello && !world.next;
    input("offline", null);
    assertLaw("a stream without a network is doubted", !isAlone || (world.isDoubted && !world.isPausing));
  }),
  worldMove(
    "nothing comes",
    nothing,
    (world, { input }) => {
      world.isDoubted = false;
      world.news = failureFor({ reason: "timeout" });
      input("deaf", { reason: "timeout", now: NOW });
    },
    ({ isDoubted, stream }) => isDoubted && stream !== null,
  ),
  worldMove(
    "it is time for a trial",
    nothing,
    (world, { input }) => {
      const { stream, next } = world;
      const asked = stream?.hasSaidHello ? next : stream;
      world.isTrialPlanned = false;
      // How a poll that is under way ends says more.
      if (asked?.transport !== "poll") world.silent = Math.min(world.silent, 1);
      input("trust", null);
    },
    ({ isTrialPlanned }) => isTrialPlanned,
  ),
  worldMove("reconnect", nothing, (world, { input }) => {
    if (!world.stream && world.isPausing) world.news = CONNECTING;
    input("reconnect", null);
  }),
  worldMove("the next stream would begin too early", nothing, (world, { input }) => {
    input("outdated", null);
    assertLaw("what begins too early is given up", !world.stream?.hasSaidHello || !world.next);
  }),
  worldMove("the server sets the pause", fc.nat(), (_, { input }, pause) => input("serverPause", pause)),
];

const close = worldMove("close", nothing, (world, { input }) => {
  if (isOpen(world)) world.news = { state: "closed", reason: "closed", cause: undefined };
  input("close", { reason: "closed" });
});

/** After any moves, the connection does and shows what the world says. */
function isTruthful(table: Table) {
  // It closes seldom: not much can happen after that.
  return anyMoves([...moves, ...moves, ...moves, close], () => {
    const model: World = {
      isWanted: false,
      stream: null,
      next: null,
      isPausing: false,
      isDoubted: false,
      isTrialPlanned: false,
      news: IDLE_STATUS,
      pending: null,
      silent: 0,
      ends: 0,
    };
    return { model, real: connect(table, model) };
  });
}

test("whatever happens, a connection has the requests that it shows, one of each, and closed is final", () => {
  fc.assert(isTruthful(connectionTransition), { numRuns: 300 });
});

describe("the model notices a table", () => {
  const answered = [
    ["wanted", "idle"],
    ["unwanted", "requesting"],
    ["hello", "requesting"],
    ["ended", "requesting"],
    ["ended", "live"],
    ["ended", "switching"],
    ["ended", "postponed"],
    ["adopted", "switching"],
    ["outdated", "switching"],
    ["failed", "switching"],
    ["redo", "requesting"],
    ["redo", "switching"],
    ["redo", "postponed"],
    ["retry", "requesting"],
    ["retry", "switching"],
    ["due", "retrying"],
    ["due", "postponed"],
    ["online", "live"],
    ["offline", "live"],
    ["deaf", "requesting"],
    ["deaf", "live"],
    ["deaf", "switching"],
    ["trust", "live"],
    ["reconnect", "retrying"],
    ["close", "live"],
  ] as const;
  test.each(answered)("that ignores %s in %s", (input, kind) => {
    expect(isNoticed(isTruthful(withCell(connectionTransition, input, kind)))).toBe(true);
  });
});
