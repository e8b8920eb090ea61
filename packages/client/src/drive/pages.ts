import type { EventRequest, PageBody } from "@tidings/protocol";
import { onAbort } from "@tidings/protocol/on-abort";
import type { Settings } from "../options.ts";
import type { PageWish } from "../state/subscription-state.ts";
import { attempt } from "./attempt.ts";
import type { EndRequest, OnEnd } from "./outcome.ts";
import { readPage } from "./read-page.ts";

/** The pages of one client. */
export interface Pages {
  /** Asks for a page. @throws StreamError, also when the client closes meanwhile */
  fetch(request: EventRequest, signal?: AbortSignal): Promise<PageBody>;
  /**
   * Loads a page for a subscription. Equal ones that are wanted in the same moment share one request: a page load of
   * the application opens one, not one per channel.
   * @returns what cancels it. A request that nobody waits for any more is ended
   */
  load(path: string, wish: PageWish, onEnd: OnEnd<PageBody>): () => void;
}

/** A subscription that waits for its page. */
interface Waiter {
  readonly path: string;
  readonly onEnd: OnEnd<PageBody>;
  gathering: Gathering;
}

/** A request that several subscriptions share. More of them may join it until it is made. */
interface Gathering {
  readonly waiters: Set<Waiter>;
  end: EndRequest;
}

export function createPages(settings: Settings): Pages {
  const gatherings = new Map<string, Gathering>();

  function gather(key: string, wish: PageWish): Gathering {
    const gathering: Gathering = { waiters: new Set(), end: () => {} };
    gatherings.set(key, gathering);
    queueMicrotask(() => {
      gatherings.delete(key);
      ask([...gathering.waiters], wish);
    });
    return gathering;
  }

  /** Asks in as many requests as are needed. */
  function ask(all: readonly Waiter[], wish: PageWish, most = settings.allowance.channels): void {
    const paths = [...new Set(all.map(({ path }) => path))];
    for (let from = 0; from < paths.length; from += most) {
      const asked = new Set(paths.slice(from, from + most));
      askTogether(asked, new Set(all.filter(({ path }) => asked.has(path))), wish);
    }
  }

  function askTogether(paths: ReadonlySet<string>, waiters: Set<Waiter>, wish: PageWish): void {
    const { start, ...request } = wish;
    const channels = new Map([...paths].map((path) => [path, start]));
    const gathering: Gathering = { waiters, end: () => {} };
    for (const waiter of waiters) {
      waiter.gathering = gathering;
    }
    gathering.end = requestPage(settings, { channels, ...request }, ([failed, page]) => {
      if (failed?.most !== undefined) {
        return ask([...waiters], wish);
      }
      // What is too large for all of them may be too large for one of them only.
      if (failed?.error.code === "event-too-large" && paths.size > 1) {
        return ask([...waiters], wish, Math.ceil(paths.size / 2));
      }
      // Those who want the same try again together. Different paths do not: fewer at once may be possible.
      const draws = new Map(failed && [...paths].map((path) => [path, settings.random()]));
      // One subscription that gets the answer may cancel for another one, which then is no longer in the set.
      waiters.forEach(({ path, onEnd }) => onEnd(failed ? [{ ...failed, random: draws.get(path) }] : [null, page]));
    });
    // The request begins with calls of clock and network, which may have closed those who wait.
    if (waiters.size === 0) {
      gathering.end();
    }
  }

  return {
    fetch: (request, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const end = requestPage(settings, request, ([failed, page]) => {
          forget();
          if (failed) {
            reject(failed.error);
          } else {
            resolve(page);
          }
        });
        const forget = onAbort(signal, () => {
          end();
          reject(signal?.reason as Error);
        });
      }),
    load(path, wish, onEnd) {
      const key = JSON.stringify(wish);
      const gathering = gatherings.get(key) ?? gather(key, wish);
      const waiter: Waiter = { path, onEnd, gathering };
      gathering.waiters.add(waiter);
      return () => {
        const { waiters, end } = waiter.gathering;
        waiters.delete(waiter);
        if (waiters.size === 0) {
          end();
        }
      };
    },
  };
}

/** Begins a request for a page. */
export function requestPage(settings: Settings, request: EventRequest, onEnd: OnEnd<PageBody>): EndRequest {
  return attempt(
    settings,
    request,
    "application/json",
    (response) => readPage(response, request, settings.maxEventBytes),
    onEnd,
  );
}
