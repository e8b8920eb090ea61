import type { Settings } from "../options.ts";
import { IDLE, pendingOf, type ConnectionInputs, type ConnectionState } from "../state/connection-state.ts";
import { connectionTransition } from "../state/connection-table.ts";
import { watched, type Ended, type Retrying, type Status, type Watchable } from "../status.ts";
import { nextAttempt, type Failed } from "../state/retry.ts";
import type { ConnectionUser } from "./connection-user.ts";
import { createCandidates } from "./candidates.ts";
import { httpStreams } from "./http-stream.ts";
import { createMachine, type Machine } from "./machine.ts";
import { requestPage } from "./pages.ts";
import { retryEffects } from "./retry.ts";
import { spaced } from "./spaced.ts";

/** Milliseconds until a stream is tried again where a proxy seems to keep streams back. */
const RETRIAL = 180_000;

export interface Connection {
  readonly status: Watchable<Status>;
  /** Why what is new has to wait. Null where nothing has failed. */
  readonly pending: Watchable<Retrying | Ended | null>;
  readonly input: Machine<ConnectionState, ConnectionInputs>["input"];
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
  const input: Connection["input"] = (name, about) => machine.input(name, about);
  const candidates = createCandidates(settings, openStream, user, () => machine.state, input);
  const retry = retryEffects(settings, "the stream");
  const machine: Machine<ConnectionState, ConnectionInputs> = createMachine(
    IDLE,
    connectionTransition,
    () => {},
    onState,
    {
      ...retry,
      ...candidates.effects,
      distrust() {
        cancelTrust ??= clock.setTimeout(() => {
          cancelTrust = null;
          input("trust", null);
        }, RETRIAL);
      },
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
      candidates.endSuccessor();
    }
    if (kind === "idle" || kind === "retrying" || kind === "closed") {
      candidates.endStream();
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

  /** The stream goes on, whatever has happened to its successor. */
  function planSuccessor(failed: Failed): void {
    report(failed.ending);
    const next = nextAttempt(failed, clock.now(), random());
    if (!user.onRefused(failed.ending)) {
      if (next) {
        return input("retry", next);
      }
      // Only what is new can be the reason.
      user.onRefused({ ...failed.ending, channels: candidates.newPaths() });
    }
    review();
  }

  return { status, pending, input };
}
