import type { EventRequest } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import { failure, toFailure } from "./failure.ts";
import type { EndRequest, OnEnd, Outcome } from "./outcome.ts";
import { send } from "./requests.ts";
import type { StreamError } from "../stream-error.ts";

/** How often the wall clock is looked at, in milliseconds. A timer sleeps with the machine. */
const LOOK = 5_000;

/**
 * Begins a request. It is given up after a silence of `connectTimeout`, and of the `wait` that it grants the server. It
 * can be ended from outside, also where it waits for something that ignores the signal. The first outcome counts; any
 * outcome aborts the signal. No outcome is told before this function returns.
 *
 * @param accept the type of the answer
 * @param read tells every sign of life, and how many milliseconds of silence are too many from then on
 */
export function attempt<Result>(
  settings: Settings,
  request: EventRequest,
  accept: string,
  read: (response: Response, signal: AbortSignal, onLife: (patience?: number) => void) => Promise<Result>,
  onEnd: OnEnd<Result>,
): EndRequest {
  const { clock, network, closing } = settings;
  const controller = new AbortController();
  const { signal } = controller;
  let patience = settings.connectTimeout + 1_000 * (request.wait ?? 0);
  let lastLife = clock.now();
  let cancelLook = () => {};
  // The machine may have slept.
  const unwatchNetwork = network.subscribe(look);
  const unwatchClosing = closing.status.subscribe(endWithClient);

  function endWithClient(error: StreamError | null): void {
    if (error) {
      end([{ reason: "closed", error }]);
    }
  }

  function look(): void {
    // A network may still call a listener that has just been removed.
    if (signal.aborted) {
      return;
    }
    cancelLook();
    // The absolute difference: a clock that was set back must not delay the timeout until it has caught up.
    const remaining = patience - Math.abs(clock.now() - lastLife);
    if (remaining > 0) {
      cancelLook = clock.setTimeout(look, Math.min(remaining, LOOK));
    } else {
      end([failure("timeout", `a byte within ${patience} ms`, 'silence; see "connectTimeout"')]);
    }
  }

  function onLife(given = patience): void {
    lastLife = clock.now();
    if (patience !== given) {
      patience = given;
      // The next look may be too late for less patience.
      look();
    }
  }

  /** Only the first call counts. */
  function end(outcome?: Outcome<Result>): void {
    if (signal.aborted) {
      return;
    }
    unwatchNetwork();
    unwatchClosing();
    cancelLook();
    controller.abort();
    if (outcome) {
      onEnd(outcome);
    }
  }

  // Not before the caller has it: url and headers may close the client. The timer begins here, too: where timers are
  // fake and all of them are run at once, each attempt would lead to the next one for ever.
  Promise.resolve()
    .then(() => {
      endWithClient(closing.status.value);
      look();
      return send(settings, request, accept, signal, (response) => read(response, signal, onLife));
    })
    .then(
      (result) => end([null, result]),
      (thrown: unknown) => end([toFailure(thrown, network.isOnline())]),
    );
  return end;
}
