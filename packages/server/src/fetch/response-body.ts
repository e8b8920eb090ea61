import { systemClock } from "@tidings/protocol/clock";
import type { StreamResponse } from "../request/response.ts";
import type { Sink } from "../stream/sink.ts";
import type { UnreadPage } from "../unread/unread-pages.ts";
import { toBytes } from "../wire/bytes.ts";

/** How many bytes may wait in a web stream before the connection waits. */
const HIGH_WATER = 64 * 1024;
/** How long a reader may take to read the end of a stream, in milliseconds, before its stream fails. */
const END_TIME = 5_000;
/** A page of more bytes is sent in parts, so that we see whether somebody reads it. */
const PART_BYTES = 16 * 1024;

/**
 * Makes bytes only when somebody pulls: the connection waits as it does for a socket.
 *
 * @param onOver called when the reader has everything, or is gone
 */
export function toStream(answer: StreamResponse, signal: AbortSignal, onOver: () => void): ReadableStream<Uint8Array> {
  let control: ReturnType<StreamResponse["open"]> | null = null;
  const close = (): void => {
    control?.closed();
    onOver();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const sink: Sink = {
          write(bytes) {
            controller.enqueue(bytes);
            return (controller.desiredSize ?? 0) > 0;
          },
          end() {
            signal.removeEventListener("abort", close);
            controller.close();
            onOver();
            // A reader that has stopped reading never sees the end, and would keep its socket for ever. A failing
            // stream makes the runtime close it. Once everything is read, this does nothing.
            const tooLate = new Error("Expected the reader to take the end of the stream, got nothing from it.");
            systemClock.setTimeout(() => controller.error(tooLate), END_TIME, true);
          },
        };
        signal.addEventListener("abort", close);
        control = answer.open(sink);
        // If the client left before there was a stream, no "abort" will come.
        if (signal.aborted) close();
      },
      pull: () => control?.drained(),
      cancel: close,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER }),
  );
}

/** The body of a page, and what ends it when its reader takes nothing. */
export interface UnreadBody {
  readonly body: string | ReadableStream<Uint8Array> | null;
  readonly headers: Readonly<Record<string, string>>;
  giveUp(): void;
}

/**
 * The body of a whole answer. A long one is sent in parts, each when the reader pulls.
 *
 * @param onOver called when the reader has everything, or is gone
 */
export function toUnreadBody(text: string, page: UnreadPage | null, onOver: () => void): UnreadBody {
  const bytes = toBytes(text);
  if (bytes.length <= PART_BYTES) {
    onOver();
    return { body: text === "" ? null : text, headers: {}, giveUp() {} };
  }
  const { length } = bytes;
  /** Forgotten at the end: a runtime may hold a stream for as long as the socket. */
  let unread: Uint8Array = bytes;
  let failing: ReadableStreamDefaultController<Uint8Array> | null = null;
  const finish = (): void => {
    unread = new Uint8Array();
    failing = null;
    onOver();
  };
  page?.noteProgress(length);
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        failing = controller;
      },
      pull(controller) {
        if (unread.length === 0) {
          controller.close();
          return finish();
        }
        page?.noteProgress(unread.length);
        controller.enqueue(unread.slice(0, PART_BYTES));
        unread = unread.subarray(PART_BYTES);
      },
      cancel: finish,
    },
    { highWaterMark: 0 },
  );
  return {
    body,
    headers: { "content-length": String(length) },
    giveUp() {
      failing?.error(new Error("Expected the reader to take the page, got nothing from it for too long."));
      finish();
    },
  };
}
