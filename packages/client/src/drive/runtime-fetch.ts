import { textOf } from "@tidings/protocol/call-safely";
import { badOption, missing } from "./failure.ts";

/** The part of a page or a worker that is used. */
interface PageOrWorker {
  readonly location?: { readonly href: string; readonly protocol: string };
  readonly document?: { readonly baseURI?: string };
}

/**
 * The runtime's `fetch`. It is looked up late and called as a function: a browser's refuses to be a method of another
 * object.
 * @throws Failure `bad-option` for what it can never ask for; the error of the fetch
 */
export async function runtimeFetch(url: string, init: RequestInit): Promise<Response> {
  const { href } = toAbsolute(url);
  if (!globalThis.fetch) {
    throw missing("fetch");
  }
  try {
    return await globalThis.fetch(href, init);
  } catch (thrown) {
    throw mistakeIn(href, init) ?? thrown;
  }
}

/** Why nobody could make this request. Null where it may be only that nobody has answered it. */
function mistakeIn(url: string, init: RequestInit): unknown {
  const { Request } = globalThis as Partial<typeof globalThis>;
  try {
    // Not every runtime with a fetch has it.
    void (Request && new Request(url, init));
    return null;
  } catch (cause) {
    return badOption('"url" and "credentials" that fetch accepts', textOf(cause), { cause });
  }
}

/**
 * A url as `fetch` understands it.
 * @throws Failure `bad-option` where a relative url is relative to nothing, as in Node and in a worker of a blob, and
 *   where no fetch knows the scheme
 */
export function toAbsolute(url: string): URL {
  const { location, document } = globalThis as PageOrWorker;
  const absolute = parse(url, document?.baseURI ?? location?.href);
  // An app may serve its pages by a scheme of its own. Nobody serves files.
  const schemes = ["http:", "https:", location?.protocol].filter((scheme) => scheme !== "file:");
  if (absolute && schemes.includes(absolute.protocol)) {
    return absolute;
  }
  // The query is ours, or may hold secrets.
  throw badOption('"url" to be absolute here, with http or https', url.replace(/\?.*/s, ""));
}

/** Null where it is no url. */
function parse(url: string, base: string | undefined): URL | null {
  try {
    return new URL(url, base);
  } catch {
    return null;
  }
}
