import type { EventRequest, PageBody } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import { isAfter, toPosition } from "../state/position.ts";
import { attempt, type EndRequest } from "./attempt.ts";
import type { StreamBlock } from "./blocks.ts";
import type { Failure } from "./failure.ts";
import { readPage } from "./read-page.ts";

/** Seconds that a poll waits for an event. Proxies cut answers that take longer than 30. */
const WAIT = 25;
/** The least milliseconds between two polls, where the first has brought it no further in this epoch. */
const PAUSE = 1_000;

/**
 * A stream in pieces, for those to whom no stream comes through: one long poll after the other, each from where the one
 * before has ended. What a page brings comes as the blocks of a stream.
 */
export function poll(
  settings: Settings,
  { channels, after: start = null }: EventRequest,
  onBlock: (block: StreamBlock) => void,
  onFailed: (failed: Failure) => void,
): EndRequest {
  const { clock } = settings;
  let hasBegun = false;
  let isEnded = false;
  let cancel: () => void;

  function ask(after: string | null, wait: number): void {
    const begun = clock.now();
    cancel = attempt(
      settings,
      { channels, after, wait },
      "application/json",
      (response) => readPage(response, settings.maxEventBytes),
      ([failed, page]) => (failed ? onFailed(failed) : take(page, after, begun)),
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
      onBlock(block);
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

function blockOf(event: string, data: unknown, id: string | null = null): StreamBlock {
  return { event, data: JSON.stringify(data), id };
}

/** A page, as the blocks of a stream. */
function* blocksOf({ events, gap, refused, cursor, more }: PageBody): Iterable<StreamBlock> {
  for (const [path, reason] of Object.entries(refused ?? {})) {
    yield blockOf("bye", { reason, channels: [path] });
  }
  if (gap) {
    // Only what retention has removed leaves the position as it is.
    const isTrimmed = Object.values(gap.channels).every((reason) => reason === "trimmed");
    yield blockOf("gap", gap, isTrimmed ? null : cursor);
  }
  for (const { channel, type, id = null, ...rest } of events) {
    yield "clear" in rest
      ? blockOf("clear", { channel, type, key: rest.clear }, id)
      : blockOf(`${channel}:${type}`, rest.data, id);
  }
  if (!more) {
    yield blockOf("heartbeat", {}, cursor);
  }
}
