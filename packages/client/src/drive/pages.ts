import type { EventRequest, PageBody } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import { toPosition } from "../state/position.ts";
import type { PageWish } from "../state/subscription-state.ts";
import { attempt, type Attempt } from "./attempt.ts";
import { failure } from "./failure.ts";
import { foreign, readJson } from "./requests.ts";

/** The pages of one client. */
export interface Pages {
  /** Asks for a page. @throws Ending */
  fetch(request: EventRequest): Promise<PageBody>;
  /**
   * Loads a page for a subscription. Equal ones that are wanted in the same moment share one request: a page load of
   * the application opens one, not one per channel. @throws Ending
   */
  load(path: string, wish: PageWish): Promise<PageBody>;
  /** Ends all requests that are under way. */
  close(): void;
}

/** A request that is about to be made. More channels may join it. */
interface Gathering {
  readonly channels: Map<string, string | null>;
  readonly page: Promise<PageBody>;
}

export function createPages(settings: Settings): Pages {
  const underWay = new Set<Attempt<PageBody>>();
  const gatherings = new Map<string, Gathering>();
  let isClosed = false;

  async function fetchPage(request: EventRequest): Promise<PageBody> {
    if (isClosed) {
      throw clientClosed();
    }
    const page = attempt(settings, request, "application/json", readPage);
    underWay.add(page);
    try {
      return await page.result;
    } finally {
      underWay.delete(page);
    }
  }

  function gather(key: string, request: Omit<EventRequest, "channels">): Gathering {
    const channels = new Map<string, string | null>();
    const page = Promise.resolve().then(() => {
      gatherings.delete(key);
      return fetchPage({ channels, ...request });
    });
    const gathering = { channels, page };
    gatherings.set(key, gathering);
    return gathering;
  }

  return {
    fetch: fetchPage,
    load(path, { start, ...request }) {
      const key = JSON.stringify([start, request]);
      const { channels, page } = gatherings.get(key) ?? gather(key, request);
      channels.set(path, start);
      return page;
    },
    close() {
      isClosed = true;
      for (const page of underWay) {
        page.end(clientClosed());
      }
    },
  };
}

function clientClosed() {
  return failure("closed", "an open client", "a closed one");
}

async function readPage(response: Response): Promise<PageBody> {
  const page = await readJson<PageBody>(response);
  // The rest is the server's word. The contract checks its events one by one.
  if (Array.isArray(page.events) && toPosition(`${page.cursor}`)) {
    return page as PageBody;
  }
  throw foreign("a page", "other JSON");
}
