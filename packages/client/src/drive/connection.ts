import type { ServerSentEvent } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import { connectionTransition, IDLE, type ConnectionInputs, type ConnectionState } from "../state/connection-state.ts";
import { watchedStatus, type Ended, type Retrying, type Status, type Watchable } from "../status.ts";
import type { Ending } from "../state/ending.ts";
import { nextAttempt, type Failed } from "../state/retry.ts";
import type { Draft } from "./draft.ts";
import { unexpected } from "../stream-error.ts";
import { createMachine, type Machine } from "./machine.ts";
import { retryEffects } from "./retry.ts";
import { streamsOf } from "./streams.ts";

/** A stream that is doubted has so many milliseconds to prove that it lives. */
const PROOF = 2_500;

/** What the connection is for. */
export interface ConnectionUser {
  /** What to ask for now. Null when there is nothing to follow. */
  draft(): Draft | null;
  /** Whether somebody follows a path that the stream does not have. */
  hasNewcomers(): boolean;
  /** The next stream, with what is new, will not come. */
  onDropped(): void;
  /** @param hello to be called when the server says hello, with its heartbeat in milliseconds, as the server sent it */
  onEvent(event: ServerSentEvent, hello: (heartbeat: number) => void): void;
  /** Tells those whose paths the server refuses. Returns whether there are any. */
  onRefused(ending: Ending): boolean;
  /** Why what is new has to wait has changed. */
  onPending(): void;
  /** The connection has closed, for good. */
  onClosed(): void;
}

export interface Connection {
  readonly status: Watchable<Status>;
  /** Why what is new has to wait. Null where nothing has failed. */
  readonly pending: () => Retrying | Ended | null;
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
  const openStream = streamsOf(settings);
  const { status, set } = watchedStatus(IDLE.shown);
  let pending: Retrying | Ended | null = null;
  /** Ends the stream. */
  let endStream = () => {};
  /** The request that is to replace the stream. */
  let successor: Candidate | null = null;
  /** A sign of life ends the doubt, if there is one. */
  let cancelDoubt = () => {};
  const retry = retryEffects(settings, "the stream");
  const { input }: Machine<ConnectionState, ConnectionInputs> = createMachine(
    IDLE,
    connectionTransition,
    () => {},
    onState,
    {
      ...retry,
      open,
      prepare,
      doubt,
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
        user.onClosed();
      },
    },
  );
  const unwatchNetwork = network.subscribe(() =>
    network.isOnline() ? input("online", clock.now()) : input("offline", null),
  );

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
    set(shown);
    const next = kind === "closed" ? null : state.pending;
    if (pending !== next) {
      pending = next;
      user.onPending();
    }
  }

  function review(): void {
    input("redo", user.hasNewcomers());
  }

  function endSuccessor(): void {
    successor?.end();
    successor = null;
  }

  function open(): void {
    endSuccessor();
    const draft = user.draft();
    if (draft) {
      start(draft).takeOver();
    } else {
      input("unwanted", null);
    }
  }

  function prepare(): void {
    endSuccessor();
    const draft = user.draft();
    if (draft) {
      successor = start(draft);
    } else {
      input("unwanted", null);
    }
  }

  function doubt(): void {
    cancelDoubt();
    cancelDoubt = clock.setTimeout(() => {
      const now = clock.now();
      const cause = unexpected("timeout", `a byte within ${PROOF} ms`, "silence");
      const reason = network.isOnline() ? "timeout" : "offline";
      report({ reason, error: cause });
      input("deaf", { state: "retrying", reason, since: now, at: now, cause });
    }, PROOF);
  }

  /** Begins a request. It is the stream when it takes over, with its hello at the latest. */
  function start(draft: Draft): Candidate {
    const { request, after, newPaths } = draft;
    let isStream = false;
    trace("debug", "connect", { detail: `${request.channels.size} channels` }, after);

    function takeOver(): void {
      isStream = true;
      successor = null;
      endStream();
      endStream = end;
      draft.begin();
      input("adopted", null);
    }

    function onEvent(event: ServerSentEvent, hello: (heartbeat: number) => void): void {
      if (!isStream && event.event === "hello") {
        takeOver();
      }
      if (isStream) {
        user.onEvent(event, (heartbeat) => {
          cancelDoubt();
          hello(heartbeat);
          input("hello", clock.now());
        });
      }
    }

    const end = openStream(request, {
      onRetry: (milliseconds) => input("base", milliseconds),
      onLife: () => cancelDoubt(),
      onEvent,
      onEnd: (failed) => input(isStream ? "ended" : "failed", failed),
    });
    return { end, takeOver, newPaths };
  }

  /** The stream goes on, whatever has happened to its successor. */
  function planSuccessor(failed: Failed): void {
    report(failed.ending);
    const next = nextAttempt(failed, clock.now(), random());
    if (user.onRefused(failed.ending)) {
      input("redo", user.hasNewcomers());
    } else if (next) {
      input("retry", next);
    } else {
      // Only what is new can be the reason.
      user.onRefused({ ...failed.ending, channels: successor?.newPaths });
      input("redo", user.hasNewcomers());
    }
  }

  return { status, pending: () => pending, input };
}
