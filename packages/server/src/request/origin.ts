import type { CorsOptions, HubRequest } from "../hub-options.ts";
import { checkObject, checkType, typeNameOf } from "@tidings/protocol/checks";
import { isUnwantedPromise } from "../runtime/unwanted-promise.ts";
import type { Trace } from "../runtime/trace.ts";
import type { Hosts } from "./hosts.ts";

/** The headers that allow a request's origin to read the answer; null when the origin is refused. */
export type OriginPolicy = (request: Pick<HubRequest, "headers">) => Readonly<Record<string, string>> | null;

interface OriginNeeds {
  readonly hosts: Pick<Hosts, "isOwn">;
  readonly trace: Pick<Trace, "add">;
}

/** The headers of an answer that a page of another origin may read, besides those that it always may. */
const EXPOSED = { "access-control-expose-headers": "retry-after" };
/** What a page of another origin may send in any case. */
const ALLOWED_HEADERS = ["authorization", "content-type", "last-event-id"];
/** The origin of an app in a web view or of an extension, which no URL parser knows: `capacitor://localhost`. */
const APP_ORIGIN = /^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[a-z0-9._~-]+(:\d+)?$/;
/** The origin of a page from a file and of a sandboxed frame. Anybody can make such a frame. */
const OPAQUE_ORIGIN = "null";
/** The longest origin, in characters: a scheme, a host of 253 characters, which is what DNS allows, and a port. */
const MOST_ORIGIN = 300;
/**
 * A pattern: every subdomain of a host, however deep, but not the host itself. The host has at least two labels:
 * `https://*.com` would allow almost everybody.
 */
const SUBDOMAINS = /^(https?:\/\/)\*((?:\.[^*.]+){2,})$/;

/**
 * A request that no page has sent passes: it has neither `Origin` nor `Sec-Fetch-Site`. A page of the same origin
 * passes. Any other page has to be allowed. An origin that is not allowed is never reflected.
 *
 * @throws TypeError for `"*"` or `"null"` with credentials, for an entry that is not an origin, and for an unknown key
 */
export function createOriginPolicy({ hosts, trace }: OriginNeeds, cors: CorsOptions = { origins: [] }): OriginPolicy {
  checkCors(cors);
  const { origins, credentials = false } = cors;
  const isAllowed = createOriginCheck(origins, trace);

  return ({ headers }) => {
    const origin = headers.get("origin");
    const site = headers.get("sec-fetch-site");
    if (origin === null) return site === "cross-site" || site === "same-site" ? null : {};
    if (site === "same-origin" || (site === null && hosts.isOwn(origin, headers.get("host")))) return {};
    // A page cannot have it, and an expression may take very long for a long text.
    if (origin.length > MOST_ORIGIN) return null;
    if (origins === "*") return { "access-control-allow-origin": "*", ...EXPOSED };
    // An expression or a function may allow more than it means to.
    if (credentials && origin === OPAQUE_ORIGIN) return null;
    if (!isAllowed(origin)) return null;
    const allowed = { "access-control-allow-origin": origin, ...EXPOSED };
    return credentials ? { ...allowed, "access-control-allow-credentials": "true" } : allowed;
  };
}

function createOriginCheck(origins: CorsOptions["origins"], trace: Pick<Trace, "add">): (origin: string) => boolean {
  if (typeof origins === "function") {
    return (origin) => {
      try {
        // Plain JavaScript may answer anything. Only true allows.
        const answer: unknown = origins(origin);
        if (isUnwantedPromise(answer)) {
          throw new TypeError("Expected cors.origins to answer true or false, got a promise.");
        }
        return answer === true;
      } catch (error) {
        trace.add("error", "hook-failed", { detail: "cors.origins", error });
        return false;
      }
    };
  }
  const entries = origins === "*" ? [] : origins;
  const listed = new Set(entries.filter((entry) => typeof entry === "string"));
  const patterns = entries.flatMap((entry) => (entry instanceof RegExp ? anchored(entry) : (readPattern(entry) ?? [])));
  return (origin) => listed.has(origin) || patterns.some((pattern) => matches(origin, pattern));
}

/** The expression for a whole origin: otherwise it would also match `https://app.example.evil`. */
function anchored({ source, flags }: RegExp): RegExp {
  // With `g` or `y`, an expression remembers where the last match ended.
  return new RegExp(`^(?:${source})$`, flags.replaceAll(/[gy]/g, ""));
}

/** What an origin begins and ends with. */
interface OriginPattern {
  readonly scheme: string;
  readonly end: string;
}

function readPattern(entry: string): OriginPattern | null {
  const [, scheme, end] = SUBDOMAINS.exec(entry) ?? [];
  return scheme !== undefined && end !== undefined && isOrigin(`${scheme}x${end}`) ? { scheme, end } : null;
}

function matches(origin: string, pattern: OriginPattern | RegExp): boolean {
  if (pattern instanceof RegExp) return pattern.test(origin);
  const { scheme, end } = pattern;
  const isLonger = origin.length > scheme.length + end.length;
  return isLonger && origin.startsWith(scheme) && origin.endsWith(end) && isOrigin(origin);
}

function checkCors(cors: CorsOptions): void {
  checkObject("cors", cors, ["origins", "credentials", "headers"]);
  const { origins, credentials = false } = cors;
  checkType("cors.credentials", credentials, "boolean");
  if (typeof origins === "function") return;
  if (origins === "*") {
    if (credentials) throw new TypeError('Expected a list of origins with credentials, got "*".');
    return;
  }
  if (!Array.isArray(origins)) {
    throw new TypeError(
      `Expected "cors.origins" to be a list of origins, "*" or a function, got ${typeNameOf(origins)}.`,
    );
  }
  for (const origin of origins) checkOrigin(origin);
  if (credentials && origins.includes(OPAQUE_ORIGIN)) {
    throw new TypeError('Expected origins of pages with credentials, got "null"; any page can make a frame with it.');
  }
}

function checkOrigin(entry: unknown): void {
  if (entry instanceof RegExp) return;
  if (typeof entry === "string" && (isOrigin(entry) || readPattern(entry) !== null)) return;
  throw new TypeError(
    `Expected an origin like "https://app.example" or "https://*.app.example" in cors.origins, ` +
      `got ${JSON.stringify(entry)}.`,
  );
}

function isOrigin(text: string): boolean {
  if (text === OPAQUE_ORIGIN || APP_ORIGIN.test(text)) return true;
  // A URL may have a star in its host, but no page has such an origin.
  return URL.canParse(text) && new URL(text).origin === text && !text.includes("*");
}

/** The answer to a preflight. @throws TypeError for a name that no header can have */
export function createPreflightHeaders({ headers = [] }: Partial<CorsOptions> = {}): Readonly<Record<string, string>> {
  // Plain JavaScript may pass anything.
  const names: unknown = headers;
  if (!Array.isArray(names)) {
    throw new TypeError(`Expected "cors.headers" to be a list of names, got ${typeNameOf(names)}.`);
  }
  for (const name of names as readonly unknown[]) {
    if (typeof name === "string" && /^[\w!#$%&'+.^`|~-]+$/.test(name)) continue;
    throw new TypeError(`Expected the name of a header in cors.headers, got ${JSON.stringify(name)}.`);
  }
  const allowed = new Set([...ALLOWED_HEADERS, ...headers.map((name) => name.toLowerCase())]);
  return {
    "access-control-allow-methods": "GET, HEAD, POST",
    "access-control-allow-headers": [...allowed].join(", "),
    "access-control-max-age": "600",
  };
}
