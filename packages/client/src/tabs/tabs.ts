import type { OpenStream } from "../drive/open-stream.ts";
import type { Failure } from "../state/ending.ts";
import { readOption } from "../drive/read-option.ts";
import { withoutFragment } from "../drive/requests.ts";
import { toAbsolute } from "../drive/runtime-fetch.ts";
import { alone, type Share, type ShareNeeds } from "../share.ts";
import { mistake } from "../stream-error.ts";
import { browserPlatform, type Platform } from "./platform.ts";
import { Tab } from "./tab.ts";

export interface TabsOptions {
  /**
   * Who is signed in, for example the id of the user. Only tabs of the same viewer share a stream: what the server
   * sends to one of them is read by all of them. Null: this tab shares with nobody.
   */
  readonly viewer: string | null;
}

/** Changes when tabs of the version before would not understand each other. */
const VERSION = 1;

/**
 * Lets all tabs of a viewer share one stream. It is the value of the option `share` of `createClient`. Where the
 * browser has no Web Locks or no BroadcastChannel, each tab has a stream of its own.
 *
 * @throws TypeError when `viewer` is neither null nor a text with at least one character
 */
export function tabs({ viewer }: TabsOptions): Share {
  if (viewer !== null && (typeof viewer !== "string" || viewer === "")) {
    throw mistake('"viewer" to be null or the id of the person who is signed in', JSON.stringify(viewer));
  }
  return shareAmong(viewer, browserPlatform());
}

/** {@link tabs}, on any platform. */
export function shareAmong(viewer: string | null, platform: Platform | null): Share {
  return viewer === null || platform === null ? alone : shareOn(viewer, platform);
}

function shareOn(viewer: string, platform: Platform): Share {
  return (needs) => {
    /** By name. There is more than one when the url changes. */
    const opened = new Map<string, Tab>();
    let isAlone = false;

    function goAlone(): void {
      isAlone = true;
    }

    /** Null where the browser forbids channels to the page, as in a sandbox, and where its locks do not answer. */
    function tabOf(name: string): Tab | null {
      if (isAlone) {
        return null;
      }
      try {
        const tab = opened.get(name) ?? new Tab(name, needs, platform, () => opened.delete(name), goAlone);
        opened.set(name, tab);
        return tab;
      } catch {
        return null;
      }
    }

    const openStream: OpenStream = (request, listener) => {
      let isEnded = false;
      let end = () => {};
      async function begin(): Promise<void> {
        try {
          const name = JSON.stringify(["tidings", VERSION, await hubOf(needs), viewer]);
          end = isEnded ? end : openIn(name);
        } catch (failed) {
          if (!isEnded) {
            listener.onEnd(failed as Failure);
          }
        }
      }

      function openIn(name: string): () => void {
        const tab = tabOf(name);
        return tab ? tab.open(request, listener) : needs.openStream(request, listener);
      }

      void begin();

      return () => {
        isEnded = true;
        end();
      };
    };
    return openStream;
  };
}

/** The hub's resource, without query. Streams of different hubs are never shared. @throws Failure */
async function hubOf({ url }: Pick<ShareNeeds, "url">): Promise<string> {
  const { origin, pathname } = toAbsolute(withoutFragment(await readOption("url", url, null)));
  return origin + pathname;
}
