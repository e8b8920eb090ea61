import type { EventRequest, PageBody } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import { isAfter, toPosition } from "../state/position.ts";
import type { OpenStream, StreamListener } from "./open-stream.ts";
import { countIdle, isEmpty, MOST_IDLE } from "../state/idle-pages.ts";
import { blockOf, blocksOf } from "./page-blocks.ts";
import { requestPage } from "./pages.ts";
import type { Failure } from "./failure.ts";

/** The least seconds that a poll waits for an event, however often a proxy cuts it. */
const LEAST_WAIT = 5;
/** The least milliseconds between two polls, where the first has brought nothing, or nothing new in this epoch. */
const PAUSE = 1_000;

/**
 * A stream in pieces, for those to whom no stream comes through: one long poll after the other, each from where the one
 * before has ended. What a page brings comes as the blocks of a stream.
 */
export function polls(settings: Settings): OpenStream {
  return (request, listener) => poll(settings, request, listener);
}

function poll(
  settings: Settings,
  { channels, after: start = null }: EventRequest,
  listener: StreamListener,
): () => void {
  const { clock, allowance } = settings;
  let hasBegun = false;
  let isEnded = false;
  /** How many pages in a row have shown no progress. */
  let idle = 0;
  let cancel: () => void;

  function ask(after: string | null, wait: number): void {
    const begun = clock.now();
    cancel = requestPage(settings, { channels, after, wait }, ([failed, page]) =>
      failed ? fail(failed, wait, begun) : take(page, after, begun),
    );
  }

  function fail(failed: Failure, wait: number, begun: number): void {
    // A proxy may have cut it. It lets pass what is shorter.
    if (wait > LEAST_WAIT && Math.abs(clock.now() - begun) >= 1_000 * LEAST_WAIT) {
      allowance.wait = Math.max(LEAST_WAIT, Math.floor(wait / 2));
    }
    listener.onEnd(failed);
  }

  function take(page: PageBody, after: string | null, begun: number): void {
    const isFirst = !hasBegun;
    hasBegun = true;
    for (const block of isFirst ? [blockOf("hello", {}, start), ...blocksOf(page)] : blocksOf(page)) {
      // A gap or a handler may have ended it.
      if (isEnded) {
        return;
      }
      listener.onEvent(block, () => {});
    }
    const { cursor, more } = page;
    const from = toPosition(after);
    const to = toPosition(cursor);
    idle = more ? countIdle(idle, page, from, to) : 0;
    // What a page has passed over may be hidden or superseded: with more behind it, an empty one is progress.
    const isProgress = (more ? idle < MOST_IDLE : !isEmpty(page)) && isAfter(to, from);
    const isFurther = isFirst || isProgress;
    const pause = isFurther ? 0 : PAUSE - Math.abs(clock.now() - begun);
    const goOn = () => ask(cursor, more ? 0 : allowance.wait);
    if (isEnded) {
      return;
    }
    if (pause > 0) {
      cancel = clock.setTimeout(goOn, pause);
    } else {
      goOn();
    }
  }

  ask(start, 0);
  return () => {
    isEnded = true;
    cancel();
  };
}
