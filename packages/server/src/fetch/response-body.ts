import { systemClock } from "@tidings/protocol/clock";
import type { StreamResponse } from "../request/response.ts";
import type { Sink } from "../wire/sink.ts";
import type { UnreadAnswer } from "../unread/answer-room.ts";

/** How many bytes may wait in a web stream before the connection waits. */
const HIGH_WATER = 64 * 1024;
/** How long a reader may take to read the end of a stream, in milliseconds, before its stream fails. */
const END_TIME = 5_000;
/** If nobody takes the first bytes of a stream for so many milliseconds, a middleware has dropped the response. */
const BEGIN_TIME = 30_000;
/** How long the socket of a page may be idle when its reader has already been given up, in milliseconds. */
const GIVEN_UP_TIME = 1_000;
/** A page of more bytes is sent in parts, so that we see whether somebody reads it. */
const PART_BYTES = 16 * 1024;

/** The reader of an answer, as far as the runtime shows it. */
export interface BodyReader {
  /** Aborted when the reader is gone. */
  readonly signal: AbortSignal;
  /** To be called when the reader has everything, or is gone. */
  onOver(): void;
  /** Lets the reader's connection end when nothing has gone over it for so long, where the runtime can do that. */
  endIdle(milliseconds: number): void;
}

/** Makes bytes only when somebody pulls: the connection waits as it does for a socket. */
export function toStream(answer: StreamResponse, reader: BodyReader): ReadableStream<Uint8Array> {
  const { signal } = reader;
  let control: ReturnType<StreamResponse["open"]> | null = null;
  let isOver = false;
  let written = 0;
  let stopWaiting = (): void => {};
  const noteOver = (): void => {
    isOver = true;
    stopWaiting();
    reader.onOver();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const close = (): void => {
          if (isOver) return;
          noteOver();
          controller.close();
        };
        const leave = (): void => {
          control?.closed();
          // A program that goes on to read, for example a middleware, would wait for ever.
          close();
        };
        /** A middleware that fails, or that answers something else, leaves the stream as it is and cancels nothing. */
        const leaveUntaken = (): void => {
          if (written + (controller.desiredSize ?? 0) === HIGH_WATER) leave();
        };
        const sink: Sink = {
          write(bytes) {
            if (written === 0) stopWaiting = systemClock.setTimeout(leaveUntaken, BEGIN_TIME, true);
            written += bytes.length;
            controller.enqueue(bytes);
            return (controller.desiredSize ?? 0) > 0;
          },
          end() {
            signal.removeEventListener("abort", leave);
            close();
            // A reader that has stopped reading never sees the end, and would keep its socket for ever. A failing
            // stream makes most runtimes close it. Once everything is read, this does nothing.
            reader.endIdle(END_TIME);
            const tooLate = new Error("Expected the reader to take the end of the stream, got nothing from it.");
            systemClock.setTimeout(() => controller.error(tooLate), END_TIME, true);
          },
        };
        signal.addEventListener("abort", leave);
        control = answer.open(sink);
        // If the client left before there was a stream, no "abort" will come.
        if (signal.aborted) leave();
      },
      pull: () => control?.drained(),
      cancel() {
        noteOver();
        control?.closed();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER }),
  );
}

/** The body of a whole answer. It is sent in parts, each when the reader pulls. */
export function toBody(
  bytes: Uint8Array,
  unread: UnreadAnswer | undefined,
  reader: BodyReader,
): ReadableStream<Uint8Array> | null {
  if (bytes.length === 0) {
    reader.onOver();
    return null;
  }
  /** Forgotten at the end: a runtime may hold a stream for as long as the socket. */
  let remaining = bytes;
  const finish = (): void => {
    remaining = new Uint8Array();
    reader.onOver();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        unread?.begin(() => {
          controller.error(new Error("Expected the reader to take the answer, got nothing from it for too long."));
          reader.endIdle(GIVEN_UP_TIME);
          finish();
        });
      },
      pull(controller) {
        if (remaining.length === 0) {
          controller.close();
          return finish();
        }
        unread?.noteProgress(remaining.length);
        controller.enqueue(remaining.slice(0, PART_BYTES));
        remaining = remaining.subarray(PART_BYTES);
      },
      cancel: finish,
    },
    { highWaterMark: 0 },
  );
}
