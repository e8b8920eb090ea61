import type { EventRequest, PageBody } from "@tidings/protocol";
import { toAbsolute, type Settings } from "../options.ts";
import { httpStreams } from "./http-stream.ts";
import type { OpenStream } from "./open-stream.ts";
import { requestPage } from "./pages.ts";
import { toBase } from "./requests.ts";
import { readOption } from "./read-option.ts";

/** How a client asks for its streams: over HTTP, or as its option `share` says. */
export function streamSource(settings: Settings): OpenStream {
  const { clock, random, connectTimeout, share, url } = settings;

  async function hub(): Promise<string> {
    const { origin, pathname } = toAbsolute(toBase(await readOption("url", url, null)));
    return origin + pathname;
  }

  function loadPage(request: EventRequest, signal: AbortSignal): Promise<PageBody> {
    return new Promise((resolve, reject) => {
      const end = requestPage(settings, request, ([failed, page]) => (failed ? reject(failed) : resolve(page)));
      signal.addEventListener("abort", () => {
        end();
        reject(signal.reason as Error);
      });
    });
  }

  return share({ clock, random, connectTimeout, hub, openStream: httpStreams(settings), loadPage });
}
