import { systemClock, type Clock } from "@tidings/protocol/clock";

/** How many bytes of pages may wait for their readers in one process. */
const MOST_BYTES = 32 * 1024 * 1024;
/** What a page counts as while it is made and its size is not known. */
const EXPECTED_BYTES = 1024 * 1024;
/** How many pages of one group, for example of one HTTP/2 session, may be under way. */
const MOST_OF_GROUP = 16;
/** How long a reader may take nothing, in milliseconds, while other pages wait for room. */
const STALL_TIME_WHEN_FULL = 1_000;
/** How long a reader may take nothing in any case, in milliseconds. */
const STALL_TIME = 30_000;

/** A page that is being made, or that its reader has not taken completely. */
export interface UnreadPage {
  /** The page is made, or its reader has taken a part of it. */
  noteProgress(bytesLeft: number): void;
  /** The reader has the page, or is gone. Does nothing the second time. */
  leave(): void;
}

/** The pages of a handler that are under way. Together they have a bounded size, however many clients ask. */
export interface UnreadPages {
  /**
   * Waits until there is room for one more page. When there is none, readers that have taken nothing for a second are
   * given up.
   *
   * @param giveUp ends the answer of a reader that takes nothing
   * @param gone aborted when the reader is gone; the page then gets a place that does not count
   * @param group what shares a bound of its own, for example a session of HTTP/2
   */
  enter(giveUp: () => void, gone: AbortSignal, group?: object): Promise<UnreadPage>;
}

interface PageUnderWay extends UnreadPage {
  readonly group: object | undefined;
  readonly giveUp: () => void;
  bytes: number;
  /** When the reader last took something, on the clock that never goes back; null while the page is made. */
  progressAt: number | null;
}

interface Waiter {
  readonly group: object | undefined;
  enter(): void;
}

const GONE: UnreadPage = { noteProgress() {}, leave() {} };

export function createUnreadPages(clock: Pick<Clock, "monotonic" | "setTimeout"> = systemClock): UnreadPages {
  const pages = new Set<PageUnderWay>();
  const waiters = new Set<Waiter>();
  const countByGroup = new WeakMap<object, number>();
  let bytes = 0;
  let isWatching = false;

  function isFull(): boolean {
    return pages.size > 0 && bytes + EXPECTED_BYTES > MOST_BYTES;
  }

  function hasRoom({ group }: Pick<Waiter, "group">): boolean {
    return !isFull() && (group === undefined || (countByGroup.get(group) ?? 0) < MOST_OF_GROUP);
  }

  function count({ group }: PageUnderWay, one: 1 | -1): void {
    if (group !== undefined) countByGroup.set(group, (countByGroup.get(group) ?? 0) + one);
  }

  function add(giveUp: () => void, group: object | undefined): PageUnderWay {
    const page: PageUnderWay = {
      group,
      giveUp,
      bytes: EXPECTED_BYTES,
      progressAt: null,
      noteProgress(bytesLeft) {
        if (!pages.has(page)) return;
        bytes += bytesLeft - page.bytes;
        page.bytes = bytesLeft;
        page.progressAt = clock.monotonic();
        letWaitersIn();
      },
      leave() {
        if (!pages.delete(page)) return;
        bytes -= page.bytes;
        count(page, -1);
        letWaitersIn();
      },
    };
    pages.add(page);
    bytes += page.bytes;
    count(page, 1);
    watch();
    return page;
  }

  /** The newest first: a crowd of requests whose answers nobody reads must not delay everybody who comes later. */
  function letWaitersIn(): void {
    if (waiters.size === 0 || isFull()) return;
    for (const waiter of [...waiters].toReversed()) {
      if (hasRoom(waiter)) waiter.enter();
    }
  }

  /** Looks at the readers once a second, for as long as there are pages. */
  function watch(): void {
    if (isWatching || pages.size === 0) return;
    isWatching = true;
    clock.setTimeout(
      () => {
        isWatching = false;
        giveUpStalled(waiters.size > 0 ? STALL_TIME_WHEN_FULL : STALL_TIME);
        watch();
      },
      STALL_TIME_WHEN_FULL,
      true,
    );
  }

  function giveUpStalled(stallTime: number): void {
    const now = clock.monotonic();
    for (const page of [...pages]) {
      if (page.progressAt === null || now - page.progressAt < stallTime) continue;
      page.leave();
      page.giveUp();
    }
  }

  return {
    enter(giveUp, gone, group) {
      if (gone.aborted) return Promise.resolve(GONE);
      if (hasRoom({ group })) return Promise.resolve(add(giveUp, group));
      return new Promise((resolve) => {
        const abandon = (): void => {
          waiters.delete(waiter);
          resolve(GONE);
        };
        const waiter: Waiter = {
          group,
          enter() {
            waiters.delete(waiter);
            gone.removeEventListener("abort", abandon);
            resolve(add(giveUp, group));
          },
        };
        waiters.add(waiter);
        gone.addEventListener("abort", abandon, { once: true });
      });
    },
  };
}
