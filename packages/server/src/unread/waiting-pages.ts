import { WaitingLine } from "./waiting-line.ts";

/** How many pages of one session may be under way. */
const MOST_OF_SESSION = 16;

/** A page, as far as it has to wait. */
interface Waitable {
  /** Aborted when the page need not wait any more. */
  readonly gone: AbortSignal;
  /** What shares a bound of its own, for example a session of HTTP/2. */
  readonly session: object | undefined;
}

interface WaitingPagesNeeds<Page> {
  /** Whether there is room for the page in the hub. */
  readonly hasRoom: (page: Page) => boolean;
  /** The page is under way, and has its room. */
  readonly enter: (page: Page) => void;
}

/** The pages that wait: first until few pages of their session are under way, then for room in the hub. */
export interface WaitingPages<Page extends Waitable> {
  /** Resolves when the page has entered, or is gone. */
  wait(page: Page): Promise<void>;
  /** There may be more room: lets pages in that wait. */
  letIn(): void;
  /** The page is under way. Also when its session has too many: it may have given way while it was made. */
  noteUnderWay(page: Page): void;
  /** The page is not under way any more. */
  noteOver(page: Page): void;
  /** Whether another page waits for what this one has. */
  isWanted(page: Page): boolean;
}

interface Waiter<Page> {
  readonly page: Page;
  /** It waits no longer. */
  readonly end: () => void;
}

/** The pages of one session. */
interface PagesOfSession<Page> {
  readonly underWay: Set<Page>;
  readonly line: WaitingLine<Waiter<Page>>;
}

/**
 * Pages of a session with too many under way are in a line of their own: the search for a page that can enter must not
 * walk over all of them, and nobody else has to make room for them. When another page of the session is over, the next
 * one waits for room behind all others. Otherwise it would be the newest there, and a session whose readers take
 * nothing would get the room of each of its pages again.
 */
export function createWaitingPages<Page extends Waitable>({
  hasRoom,
  enter,
}: WaitingPagesNeeds<Page>): WaitingPages<Page> {
  const sessions = new WeakMap<object, PagesOfSession<Page>>();
  const hubLine = new WaitingLine<Waiter<Page>>();
  /** Those that had to wait for pages of their session before. */
  const delayedLine = new WaitingLine<Waiter<Page>>();

  function sessionOf({ session: key }: Page): PagesOfSession<Page> | null {
    if (key === undefined) return null;
    const session = sessions.get(key) ?? { underWay: new Set(), line: new WaitingLine() };
    sessions.set(key, session);
    return session;
  }

  function waitForRoom(waiter: Waiter<Page>, line: WaitingLine<Waiter<Page>>): void {
    sessionOf(waiter.page)?.underWay.add(waiter.page);
    line.add(waiter);
    letIn();
  }

  function letIn(): void {
    const first = (): Waiter<Page> | undefined => hubLine.newest ?? delayedLine.newest;
    for (let next = first(); next !== undefined && hasRoom(next.page); next = first()) {
      hubLine.delete(next);
      delayedLine.delete(next);
      enter(next.page);
      next.end();
    }
  }

  function noteOver(page: Page): void {
    const session = sessionOf(page);
    if (session?.underWay.delete(page) !== true || session.underWay.size >= MOST_OF_SESSION) return;
    const next = session.line.newest;
    if (next === undefined) return;
    session.line.delete(next);
    waitForRoom(next, delayedLine);
  }

  return {
    wait(page) {
      const { gone } = page;
      if (gone.aborted) return Promise.resolve();
      const session = sessionOf(page);
      return new Promise((resolve) => {
        const leave = (): void => {
          session?.line.delete(waiter);
          hubLine.delete(waiter);
          delayedLine.delete(waiter);
          noteOver(page);
          waiter.end();
        };
        const waiter: Waiter<Page> = {
          page,
          end() {
            gone.removeEventListener("abort", leave);
            resolve();
          },
        };
        gone.addEventListener("abort", leave);
        if (session !== null && session.underWay.size >= MOST_OF_SESSION) session.line.add(waiter);
        else waitForRoom(waiter, hubLine);
      });
    },

    letIn,
    noteUnderWay: (page) => void sessionOf(page)?.underWay.add(page),
    noteOver,
    isWanted: (page) => hubLine.size + delayedLine.size > 0 || (sessionOf(page)?.line.size ?? 0) > 0,
  };
}
