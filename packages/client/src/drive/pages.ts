import type { EventRequest, PageBody } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import { toPosition } from "../state/position.ts";
import type { PageWish } from "../state/subscription-state.ts";
import { attempt, type EndRequest, type OnEnd } from "./attempt.ts";
import { foreign } from "./failure.ts";
import { readJson } from "./read-json.ts";

/** A page may have so many times the bytes of one event. */
const EVENTS_A_PAGE = 16;

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

/** A request that several subscriptions share. More of them may join it until it is made. */
interface Gathering {
  /** Who waits for it, and for which path. */
  readonly waiting: Map<OnEnd<PageBody>, string>;
  end: EndRequest;
}

export function createPages(settings: Settings): Pages {
  const gatherings = new Map<string, Gathering>();

  function gather(key: string, { start, ...request }: PageWish): Gathering {
    const waiting: Gathering["waiting"] = new Map();
    const gathering: Gathering = { waiting, end: () => {} };
    gatherings.set(key, gathering);
    queueMicrotask(() => {
      gatherings.delete(key);
      if (waiting.size > 0) {
        const channels = new Map([...waiting.values()].map((path) => [path, start]));
        // One subscription that gets the answer may cancel for another one, which then is no longer in the map.
        gathering.end = requestPage(settings, { channels, ...request }, ([failed, page]) => {
          const draws = new Map<string, number>();
          // Those who want the same try again together. Different paths do not: fewer at once may be possible.
          function draw(path: string): number {
            const random = draws.get(path) ?? settings.random();
            draws.set(path, random);
            return random;
          }
          waiting.forEach((path, onEnd) => onEnd(failed ? [{ ...failed, random: draw(path) }] : [null, page]));
        });
      }
    });
    return gathering;
  }

  return {
    fetch: (request, signal) =>
      new Promise<PageBody>((resolve, reject) => {
        settings.closing.signal.throwIfAborted();
        signal?.throwIfAborted();
        const done = new AbortController();
        const end = requestPage(settings, request, ([failed, page]) => {
          done.abort();
          if (failed) {
            reject(failed.error);
          } else {
            resolve(page);
          }
        });
        function abort(): void {
          end();
          reject(signal?.reason as Error);
        }
        signal?.addEventListener("abort", abort, { signal: done.signal });
      }),
    load(path, wish, onEnd) {
      const key = JSON.stringify(wish);
      const gathering = gatherings.get(key) ?? gather(key, wish);
      const { waiting } = gathering;
      waiting.set(onEnd, path);
      return () => {
        waiting.delete(onEnd);
        if (waiting.size === 0) {
          gathering.end();
        }
      };
    },
  };
}

/** Begins a request for a page. */
export function requestPage(settings: Settings, request: EventRequest, onEnd: OnEnd<PageBody>): EndRequest {
  const most = EVENTS_A_PAGE * settings.maxEventBytes;
  return attempt(settings, request, "application/json", (response) => readPage(response, most), onEnd);
}

async function readPage(response: Response, most: number): Promise<PageBody> {
  const page = await readJson<PageBody>(response, most);
  const { events, cursor, gap } = page;
  // The contract checks its events one by one. Null is nothing that could be checked.
  const isList = Array.isArray(events) && !(events as readonly unknown[]).includes(null);
  if (isList && toPosition(`${cursor}`) && (!gap || gap.channels)) {
    return page as PageBody;
  }
  throw foreign("a page", "other JSON");
}
