import type { EventRequest, PageBody } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import { isAfter, toPosition } from "../state/position.ts";
import type { OpenStream, StreamListener } from "./open-stream.ts";
import { blockOf, blocksOf } from "./page-blocks.ts";
import { requestPage } from "./pages.ts";

/** Seconds that a poll waits for an event. Proxies cut answers that take longer than 30. */
const WAIT = 25;
/** The least milliseconds between two polls, where the first has brought it no further in this epoch. */
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
  const { clock } = settings;
  let hasBegun = false;
  let isEnded = false;
  let cancel: () => void;

  function ask(after: string | null, wait: number): void {
    const begun = clock.now();
    cancel = requestPage(settings, { channels, after, wait }, ([failed, page]) =>
      failed ? listener.onEnd(failed) : take(page, after, begun),
    );
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
    const isFurther = isFirst || isAfter(toPosition(cursor), toPosition(after));
    const pause = isFurther ? 0 : PAUSE - Math.abs(clock.now() - begun);
    const goOn = () => ask(cursor, more ? 0 : WAIT);
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
