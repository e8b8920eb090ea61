import type { CorsOptions, HubRequest } from "../hub-options.ts";
import { checkObject, checkType, kindOf } from "../runtime/checks.ts";
import type { Hosts } from "./hosts.ts";

/** The headers that allow a request's origin to read the answer; null when the origin is refused. */
export type OriginPolicy = (request: Pick<HubRequest, "headers">) => Readonly<Record<string, string>> | null;

/**
 * A request that no page has sent passes: it has neither `Origin` nor `Sec-Fetch-Site`. A page of the same origin
 * passes. Any other page has to be listed, exactly. An origin that is not listed is never reflected.
 *
 * @throws TypeError for `"*"` with credentials, for an entry that is not an origin, and for an unknown key
 */
export function createOriginPolicy(hosts: Pick<Hosts, "isOwn">, cors: CorsOptions = { origins: [] }): OriginPolicy {
  checkCors(cors);
  const { origins, credentials = false } = cors;
  const listed = new Set(origins === "*" ? [] : origins);
  return ({ headers }) => {
    const origin = headers.get("origin");
    const site = headers.get("sec-fetch-site");
    if (origin === null) return site === "cross-site" || site === "same-site" ? null : {};
    if (site === "same-origin" || (site === null && hosts.isOwn(origin, headers.get("host")))) return {};
    if (origins === "*") return { "access-control-allow-origin": "*", ...EXPOSED };
    if (!listed.has(origin)) return null;
    const allowed = { "access-control-allow-origin": origin, ...EXPOSED };
    return credentials ? { ...allowed, "access-control-allow-credentials": "true" } : allowed;
  };
}

function checkCors(cors: CorsOptions): void {
  checkObject("cors", cors, ["origins", "credentials"]);
  const { origins, credentials = false } = cors;
  checkType("cors.credentials", credentials, "boolean");
  if (origins === "*") {
    if (credentials) throw new TypeError('Expected a list of origins with credentials, got "*".');
    return;
  }
  if (!Array.isArray(origins)) {
    throw new TypeError(`Expected "cors.origins" to be a list of origins or "*", got ${kindOf(origins)}.`);
  }
  for (const origin of origins) checkOrigin(origin);
}

function checkOrigin(origin: unknown): void {
  const isOrigin = typeof origin === "string" && URL.canParse(origin) && new URL(origin).origin === origin;
  // A URL may have a star in its host, but no page has such an origin.
  if (isOrigin && !origin.includes("*")) return;
  throw new TypeError(
    `Expected an exact origin like "https://app.example" in cors.origins, got ${JSON.stringify(origin)}.`,
  );
}

/** The headers of an answer that a page of another origin may read, besides those that it always may. */
const EXPOSED = { "access-control-expose-headers": "retry-after" };

/** The answer to a preflight. */
export const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "GET, HEAD, POST",
  "access-control-allow-headers": "authorization, content-type, last-event-id",
  "access-control-max-age": "600",
};
