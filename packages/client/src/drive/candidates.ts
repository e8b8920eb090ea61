import type { Settings } from "../options.ts";
import type { ConnectionInputs, ConnectionState } from "../state/connection-state.ts";
import type { Transport } from "../state/transport.ts";
import { unexpected } from "../stream-error.ts";
import type { StreamBlock } from "./blocks.ts";
import type { ConnectionUser } from "./connection-user.ts";
import type { Draft } from "./draft.ts";
import type { Machine } from "./machine.ts";
import type { OpenStream } from "./open-stream.ts";
import { polls } from "./poll.ts";

/** A stream that is doubted has so many milliseconds to prove that it lives. */
const PROOF = 2_500;
/** Milliseconds for which the end of a gap is waited for: PROTOCOL.md, section 5.5, and as much again for the way. */
const LONGEST_HOLE = 5_000;
/** Milliseconds between two looks whether a gap has ended. */
const LOOK = 1_000;

/** A request that is the stream, or is to become it. */
interface Candidate {
  readonly end: () => void;
  /** What it asks for, and the stream before does not follow. */
  readonly newPaths?: readonly string[];
  /** It is the stream from now on. The one before ends. */
  takeOver(): void;
}

/** The stream, and the request that is to replace it: its successor. */
export interface Candidates {
  /** What the connection's machine orders. */
  readonly effects: {
    /** Asks for a stream that takes over at once. */
    open(transport: Transport): void;
    /** Waits for the end of a gap, and asks for a stream that takes over with its hello. */
    prepare(transport: Transport): void;
    /** The successor takes over, if there is one. */
    promote(): void;
    /** The stream has to prove that it lives. */
    doubt(): void;
  };
  /** The paths that only the successor asks for. */
  newPaths(): readonly string[] | undefined;
  endSuccessor(): void;
  endStream(): void;
}

/** @param input tells the connection what comes of the requests */
export function createCandidates(
  settings: Settings,
  openStream: OpenStream,
  user: ConnectionUser,
  state: () => ConnectionState,
  input: Machine<ConnectionState, ConnectionInputs>["input"],
): Candidates {
  const { clock, network, report, trace } = settings;
  /** A sign of life ends the doubt, if there is one. */
  let cancelDoubt = () => {};
  let endStream = () => {};
  let successor: Candidate | null = null;

  function doubt(): void {
    cancelDoubt();
    cancelDoubt = clock.setTimeout(() => {
      const reason = network.isOnline() ? "timeout" : "offline";
      const ending = { reason, error: unexpected("timeout", `a byte within ${PROOF} ms`, "silence") } as const;
      report(ending);
      input("deaf", { ...ending, now: clock.now() });
    }, PROOF);
  }

  function endSuccessor(): void {
    successor?.end();
    successor = null;
  }

  function open(transport: Transport): void {
    ask(transport, 0);
    successor?.takeOver();
  }

  /** @param patience milliseconds for which the end of a gap is waited for */
  function ask(transport: Transport, patience: number): void {
    endSuccessor();
    if (patience > 0 && user.isInHole()) {
      const end = clock.setTimeout(() => ask(transport, patience - LOOK), LOOK);
      successor = { end, takeOver: () => open(transport) };
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

  /** Begins a request. It is the successor until it takes over, with its hello at the latest. */
  function start(draft: Draft, transport: Transport): Candidate {
    function takeOver(): void {
      successor = null;
      endStream();
      endStream = end;
      draft.begin();
      input("adopted", null);
      // Without a hello, what still shows live has to prove it soon.
      if (state().shown.state === "live") {
        doubt();
      }
    }

    function onEvent(event: StreamBlock, onHello: (heartbeat: number) => void): void {
      if (successor === candidate && event.event === "hello") {
        takeOver();
      }
      // While another stream runs, what comes before its hello says nothing. How it ends says why.
      if (successor !== candidate) {
        user.onEvent(event, (heartbeat) => {
          const isNew = state().kind === "requesting";
          if (isNew) {
            cancelDoubt();
            onHello(heartbeat);
            input("hello", { now: clock.now(), transport });
          }
          return isNew;
        });
      }
    }

    const openIt = transport === "stream" ? openStream : polls(settings);
    const end = openIt(draft.request, {
      onRetry: (milliseconds) => input("serverPause", milliseconds),
      onLife: () => cancelDoubt(),
      onEvent,
      onEnd: (failed) => input(successor === candidate ? "failed" : "ended", failed),
    });
    const candidate = { end, takeOver, newPaths: draft.newPaths };
    return candidate;
  }

  return {
    effects: {
      open,
      prepare: (transport) => ask(transport, LONGEST_HOLE),
      promote: () => successor?.takeOver(),
      doubt,
    },
    newPaths: () => successor?.newPaths,
    endSuccessor,
    endStream() {
      cancelDoubt();
      endStream();
    },
  };
}
