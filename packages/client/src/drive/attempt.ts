import type { EventRequest } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import type { Ending } from "../state/ending.ts";
import { failure, toEnding } from "./failure.ts";
import { send } from "./requests.ts";

/** How often the wall clock is looked at, in milliseconds. A timer sleeps with the machine. */
const LOOK = 5_000;

/** A request under way, up to the end of its answer. */
export interface Attempt<Result> {
  /** Rejects with an {@link Ending}. */
  readonly result: Promise<Result>;
  end(ending: Ending): void;
  /** Ends it if it has been silent for too long. */
  look(): void;
}

/**
 * Begins a request. It is given up after a silence of `connectTimeout`. It can be ended from outside, also where it
 * waits for something that ignores the signal. The first outcome counts; any outcome aborts the signal.
 *
 * @param read tells every sign of life, and how many milliseconds of silence are too many from then on
 */
export function attempt<Result>(
  settings: Settings,
  request: EventRequest,
  accept: string,
  read: (response: Response, signal: AbortSignal, onLife: (patience?: number) => void) => Promise<Result>,
): Attempt<Result> {
  const { clock } = settings;
  const controller = new AbortController();
  const { signal } = controller;
  let patience = settings.connectTimeout;
  let lastLife = clock.now();
  let cancelLook = () => {};
  let end!: (ending: Ending) => void;

  function look(): void {
    if (signal.aborted) {
      return;
    }
    cancelLook();
    // The absolute difference: a clock that was set back must not delay the timeout until it has caught up.
    const remaining = patience - Math.abs(clock.now() - lastLife);
    if (remaining > 0) {
      cancelLook = clock.setTimeout(look, Math.min(remaining, LOOK));
    } else {
      end(failure("timeout", `a byte within ${patience} ms`, "silence"));
    }
  }

  function onLife(given = patience): void {
    patience = given;
    lastLife = clock.now();
  }

  const result = new Promise<Result>((resolve, reject) => {
    function settle(): void {
      cancelLook();
      controller.abort();
    }
    end = (ending) => {
      reject(ending);
      settle();
    };
    // Not before the caller has it: url and headers may close the client.
    Promise.resolve()
      .then(() => send(settings, request, accept, signal))
      .then((response) => read(response, signal, onLife))
      .then(resolve, (error: unknown) => reject(toEnding(error)))
      .finally(settle);
  });
  look();
  return { result, end, look };
}
