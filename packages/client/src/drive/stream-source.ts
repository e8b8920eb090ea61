import type { EventRequest } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import { httpStreams } from "./http-stream.ts";
import type { OpenStream } from "./open-stream.ts";
import { fetchPage } from "./pages.ts";
import { toBase } from "./requests.ts";
import { readOption } from "./read-option.ts";
import { toAbsolute } from "./runtime-fetch.ts";

/** How a client asks for its streams: over HTTP, or as its option `share` says. */
export function streamSource(settings: Settings): OpenStream {
  const { clock, random, connectTimeout, share, url } = settings;

  async function hub(): Promise<string> {
    const { origin, pathname } = toAbsolute(toBase(await readOption("url", url, null)));
    return origin + pathname;
  }

  const loadPage = (request: EventRequest, signal: AbortSignal) =>
    fetchPage(settings, request, (failed) => failed, signal);

  return share({ clock, random, connectTimeout, hub, openStream: httpStreams(settings), loadPage });
}
