import { callHandler } from "./callback.ts";
import type { EventsOptions } from "./client.ts";
import type { Consumer } from "./consumer.ts";
import { failure } from "./ending.ts";
import type { Gap, ReceivedEvent } from "./handlers.ts";
import type { Reason } from "./status.ts";
import type { StreamError } from "./stream-error.ts";

/** What a queue is filled by. */
interface Source {
  resume(): void;
  close(): void;
}

/**
 * The iterator behind `for await`: bounded, and never in the way of others.
 * @param connect begins to fill it
 */
export function createQueue(
  { onGap, capacity = 1_024 }: EventsOptions,
  onError: (error: StreamError) => void,
  connect: (consumer: Consumer) => Source,
): AsyncIterableIterator<ReceivedEvent, Reason> {
  /** What the loop has not taken yet, gaps at their places. */
  let entries: { readonly event?: ReceivedEvent; readonly gap?: Gap; readonly isVolatile?: boolean }[] = [];
  /** Whoever asks again stands before the gap still, and would be told of it again: the first event after it is taken. */
  let isBeforeGap = false;
  let reason: Reason | null = null;
  let wake = () => {};
  let last: Promise<unknown> = Promise.resolve();

  const source = connect((handler, argument, event, isVolatile = false) => {
    if (event) {
      // Current values come without an id and cannot be asked for again.
      const canWait = isVolatile || (event.id && !isBeforeGap);
      const isFull = entries.length > 0 && entries.length >= capacity;
      if (isFull && canWait && (isVolatile || !dropVolatile())) return false;
      if (event.id) isBeforeGap = false;
      entries.push({ event, isVolatile });
    } else if (handler === "onGap") {
      isBeforeGap = true;
      entries.push({ gap: argument as Gap });
    } else if (handler === "onClose") reason = argument as Reason;
    wake();
    return true;
  });

  async function read(): Promise<IteratorResult<ReceivedEvent, Reason>> {
    for (;;) {
      const { event, gap } = entries.shift() ?? {};
      if (entries.length === 0) source.resume();
      if (event) return { done: false, value: event };
      if (gap) tell(gap);
      else if (reason !== null) return { done: true, value: reason };
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  /** @throws StreamError `gap` */
  function tell(gap: Gap): void {
    const { channel } = gap;
    if (onGap) return callHandler(`onGap of ${channel}`, () => onGap(gap), onError);
    close();
    throw failure("gap", `all events of ${channel}`, `a gap after ${gap.after} (${gap.reason}); pass onGap to go on`);
  }

  /** Makes room: volatile events have no id, so a queue full of them would be asked for again from the same place, at once and for ever. */
  function dropVolatile(): boolean {
    const index = entries.findIndex((entry) => entry.isVolatile);
    return index !== -1 && entries.splice(index, 1).length > 0;
  }

  function close() {
    entries = [];
    source.close();
  }

  const queue: AsyncIterableIterator<ReceivedEvent, Reason> = {
    [Symbol.asyncIterator]: () => queue,
    /** Whoever asks while another waits has to queue. */
    next() {
      const next = last.then(read, read);
      last = next;
      return next;
    },
    async return() {
      close();
      return read();
    },
  };
  return queue;
}
