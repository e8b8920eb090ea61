import type { EventRequest } from "@tidings/protocol";
import type { Context } from "./context.ts";
import { failure, toEnding, type Ending } from "./ending.ts";
import { send } from "./requests.ts";

/** How often the wall clock is looked at, in milliseconds: a timer sleeps with the machine. */
const LOOK = 5_000;

/** A request under way, up to the end of its answer. */
export interface Attempt<Result> {
  /** Rejects with an Ending, or with null: that is for no other reason than to ask for something else. */
  readonly result: Promise<Result>;
  end(ending: Ending | null): void;
  /** Ends it if it has been silent for too long. */
  look(): void;
}

/**
 * Begins a request that is given up after a silence of `connectTimeout`, and that can be ended from outside, also where it waits
 * for what does not heed its signal. The first outcome counts; any aborts the signal.
 *
 * @param read tells every sign of life, and how many milliseconds of silence are too many from then on
 */
export function attempt<Result>(
  context: Context,
  request: EventRequest,
  accept: string,
  read: (response: Response, signal: AbortSignal, onLife: (patience?: number) => void) => Promise<Result>,
): Attempt<Result> {
  const { clock, status, ends } = context;
  const controller = new AbortController();
  const { signal } = controller;
  let patience = context.connectTimeout;
  let lastLife = clock.now();
  let cancel = () => {};
  let end!: (ending: Ending | null) => void;
  const close = () => end(failure("closed", "an open client", "a closed one"));
  const look = () => {
    if (signal.aborted) return;
    cancel();
    // A distance: a clock that was set back must not make us deaf until it has caught up.
    const left = patience - Math.abs(clock.now() - lastLife);
    if (left > 0) cancel = clock.setTimeout(look, Math.min(left, LOOK));
    else end(failure("timeout", `a byte within ${patience} ms`, "silence"));
  };
  const onLife = (given = patience) => {
    patience = given;
    lastLife = clock.now();
  };
  const result = new Promise<Result>((resolve, reject) => {
    end = (ending) => {
      reject(ending);
      cancel();
      controller.abort();
      ends.delete(close);
    };
    void send(context, request, accept, signal)
      .then((response) => read(response, signal, onLife))
      .then(resolve, toEnding)
      .then((ending) => end(ending ?? null));
  });
  ends.add(close);
  look();
  if (status.value.state === "closed") close();
  return { result, end, look };
}
