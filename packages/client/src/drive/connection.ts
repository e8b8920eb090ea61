import type { Settings } from "../options.ts";
import { IDLE, pendingOf, type ConnectionInputs, type ConnectionState } from "../state/connection-state.ts";
import { connectionTransition } from "../state/connection-table.ts";
import { watched, type Ended, type Retrying, type Status, type Watchable } from "../status.ts";
import type { Ending, Failure } from "../state/ending.ts";
import type { StreamBlock } from "./blocks.ts";
import { nextAttempt, type Failed } from "../state/retry.ts";
import type { Transport } from "../state/transport.ts";
import type { Draft } from "./draft.ts";
import { unexpected } from "../stream-error.ts";
import { httpStreams } from "./http-stream.ts";
import { createMachine, type Machine } from "./machine.ts";
import { requestPage } from "./pages.ts";
import { polls } from "./poll.ts";
import { retryEffects } from "./retry.ts";
import { spaced } from "./spaced.ts";

/** A stream that is doubted has so many milliseconds to prove that it lives. */
const PROOF = 2_500;
/** Milliseconds until a stream is tried again where a proxy seems to keep streams back. */
const RETRIAL = 180_000;
/** Milliseconds for which the end of a gap is waited for: PROTOCOL.md, section 5.5, and as much again for the way. */
const LONGEST_HOLE = 5_000;
/** Milliseconds between two looks whether a gap has ended. */
const LOOK = 1_000;

/**
 * To be called when the server says hello, with its heartbeat in milliseconds, as the server sent it. Returns whether
 * that is new: a stream says hello once.
 */
export type SayHello = (heartbeat: number) => boolean;

/** What the connection is for. */
export interface ConnectionUser {
  /** What to ask for now. Null when there is nothing to follow. */
  draft(): Draft | null;
  /** Whether somebody follows a path that the stream does not have. */
  hasNewcomers(): boolean;
  /** Whether the next stream would tell a gap again that this one has told. Only heartbeats show where the gap ends. */
  isInHole(): boolean;
  /** The next stream, with what is new, will not come. */
  onDropped(): void;
  onEvent(event: StreamBlock, hello: SayHello): void;
  /** Tells those whose paths are refused, or are too many. Returns whether there are any. */
  onRefused(ending: Ending): boolean;
  /** The connection has closed, for good. */
  onClosed(ended: Ended): void;
}

export interface Connection {
  readonly status: Watchable<Status>;
  /** Why what is new has to wait. Null where nothing has failed. */
  readonly pending: Watchable<Retrying | Ended | null>;
  readonly input: Machine<ConnectionState, ConnectionInputs>["input"];
}

/** A request that is the stream, or is to become it. */
interface Candidate {
  readonly end: () => void;
  /** What it asks for, and the stream before does not follow. */
  readonly newPaths: readonly string[];
  /** It is the stream from now on. The one before ends. */
  takeOver(): void;
}

/**
 * The client's one connection: it opens, reads, notices silence, and comes back, until it is closed. When other paths
 * are followed, the stream goes on until the next one has said hello. It drives the machine of
 * state/connection-state.ts.
 */
export function createConnection(settings: Settings, user: ConnectionUser): Connection {
  const { clock, network, random, report, trace } = settings;
  const openStream = settings.share({
    ...settings,
    openStream: httpStreams(settings),
    requestPage: (request, onEnd) => requestPage(settings, request, onEnd),
  });
  const { status, set } = watched<Status>(IDLE.shown);
  const { status: pending, set: setPending } = watched<Retrying | Ended | null>(null);
  /** Where a proxy seems to keep streams back: cancels the next trial. */
  let cancelTrust: (() => void) | null = null;
  /** Ends the stream. */
  let endStream = () => {};
  /** The request that is to replace the stream. */
  let successor: Candidate | null = null;
  /** A sign of life ends the doubt, if there is one. */
  let cancelDoubt = () => {};
  const retry = retryEffects(settings, "the stream");
  const machine: Machine<ConnectionState, ConnectionInputs> = createMachine(
    IDLE,
    connectionTransition,
    () => {},
    onState,
    {
      ...retry,
      open,
      prepare: (transport) => prepare(transport, LONGEST_HOLE),
      doubt,
      distrust() {
        cancelTrust ??= clock.setTimeout(() => {
          cancelTrust = null;
          input("trust", null);
        }, RETRIAL);
      },
      promote: () => successor?.takeOver(),
      drop: () => user.onDropped(),
      review,
      trace: ({ reason }) => trace("debug", "end", { detail: reason }),
      plan(failed) {
        if (user.onRefused(failed.ending)) {
          input("redo", true);
        } else {
          retry.plan(failed, input);
        }
      },
      planSuccessor,
      end() {
        unwatchNetwork();
        // What it shows is how it has ended.
        user.onClosed(status.value as Ended);
      },
    },
  );
  const { input } = machine;
  const unwatchNetwork = network.subscribe(spaced(settings, hearNetwork));

  function hearNetwork(): void {
    if (network.isOnline()) {
      input("online", clock.now());
    } else {
      input("offline", null);
    }
  }

  function onState(state: ConnectionState): void {
    const { kind, shown } = state;
    // A request that takes over does so after this.
    if (kind !== "switching" && kind !== "requesting") {
      endSuccessor();
    }
    if (kind === "idle" || kind === "retrying" || kind === "closed") {
      cancelDoubt();
      endStream();
    }
    if (kind === "idle" || kind === "closed") {
      cancelTrust?.();
      cancelTrust = null;
    }
    set(shown);
    // A listener of the status may have led to another state.
    setPending(pendingOf(machine.state));
  }

  function review(): void {
    input("redo", user.hasNewcomers());
  }

  function endSuccessor(): void {
    successor?.end();
    successor = null;
  }

  function open(transport: Transport): void {
    prepare(transport, 0);
    successor?.takeOver();
  }

  /** @param patience milliseconds for which the end of a gap is waited for */
  function prepare(transport: Transport, patience: number): void {
    endSuccessor();
    if (patience > 0 && user.isInHole()) {
      const end = clock.setTimeout(() => prepare(transport, patience - LOOK), LOOK);
      successor = { end, takeOver: () => open(transport), newPaths: [] };
      return;
    }
    const draft = user.draft();
    if (!draft) {
      return input("unwanted", null);
    }
    successor = start(draft, transport);
    // Only now: a listener of the trace may close the client, which ends the request.
    trace("debug", "connect", { detail: `${draft.request.channels.size} channels` }, draft.after);
  }

  function doubt(): void {
    cancelDoubt();
    cancelDoubt = clock.setTimeout(() => {
      const reason = network.isOnline() ? "timeout" : "offline";
      const ending = { reason, error: unexpected("timeout", `a byte within ${PROOF} ms`, "silence") } as const;
      report(ending);
      input("deaf", { ...ending, now: clock.now() });
    }, PROOF);
  }

  /** Begins a request. It is the successor until it takes over, with its hello at the latest. */
  function start(draft: Draft, transport: Transport): Candidate {
    const { request, newPaths } = draft;

    function takeOver(): void {
      successor = null;
      endStream();
      endStream = end;
      draft.begin();
      input("adopted", null);
      // Without a hello, what still shows live has to prove it soon.
      if (status.value.state === "live") {
        doubt();
      }
    }

    function onEvent(event: StreamBlock, onHello: (heartbeat: number) => void): void {
      if (successor === candidate && event.event === "hello") {
        takeOver();
      }
      // Before its hello, it says nothing: PROTOCOL.md, section 5.2. How it ends says why.
      if (successor !== candidate) {
        user.onEvent(event, (heartbeat) => {
          const isNew = machine.state.kind === "requesting";
          if (isNew) {
            cancelDoubt();
            onHello(heartbeat);
            input("hello", { now: clock.now(), transport });
          }
          return isNew;
        });
      }
    }

    function onEnd(failed: Failure): void {
      input(successor === candidate ? "failed" : "ended", failed);
    }

    const ask = transport === "stream" ? openStream : polls(settings);
    const end = ask(request, {
      onRetry: (milliseconds) => input("serverPause", milliseconds),
      onLife: () => cancelDoubt(),
      onEvent,
      onEnd,
    });
    const candidate = { end, takeOver, newPaths };
    return candidate;
  }

  /** The stream goes on, whatever has happened to its successor. */
  function planSuccessor(failed: Failed): void {
    report(failed.ending);
    const next = nextAttempt(failed, clock.now(), random());
    if (!user.onRefused(failed.ending)) {
      if (next) {
        return input("retry", next);
      }
      // Only what is new can be the reason.
      user.onRefused({ ...failed.ending, channels: successor?.newPaths });
    }
    review();
  }

  return { status, pending, input };
}
