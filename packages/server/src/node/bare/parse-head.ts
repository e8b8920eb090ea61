/** The head of a plain GET, as far as the listener of bare streams understands it. */
export interface Head {
  /** Path and query, as they came. */
  readonly url: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
}

/** The longest head that is read here, in bytes. */
const MOST_BYTES = 8 * 1024;
const MOST_HEADERS = 64;

/** The query, in the characters that RFC 3986 allows there. */
const QUERY = /^\?[\w\-.~!$&'()*+,;=:@/?%]*$/;
/** A header: a token, and a value of visible ASCII between optional white space. */
const HEADER = /^([\w!#$%&'*+\-.^`|~]+):[\t ]*([\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?[\t ]*$/;
/** Headers that mean a body, another protocol, or an answer before the answer. */
const SPECIAL = new Set([
  "content-length",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "http2-settings",
  "expect",
  "proxy-connection",
]);
/** What `Connection` may say: the answer closes it in any case. */
const CONNECTION = /^(?:keep-alive|close)$/i;

/**
 * Reads the head of a GET of one path, if it is whole, small and plain, and nothing follows it. Null at the slightest
 * doubt: then node:http has to judge it, and knows all of HTTP. So what is accepted here means the same to node:http.
 *
 * @param path what the URL has before its query
 * @param chunk the first bytes of a connection
 */
export function parseHead(path: string, chunk: Buffer): Head | null {
  if (chunk.length > MOST_BYTES) return null;
  const text = chunk.toString("latin1");
  const begin = `GET ${path}`;
  // Most of what comes for others ends here.
  if (!text.startsWith(begin) || text.indexOf("\r\n\r\n") !== text.length - 4) return null;
  const [first = "", ...lines] = text.slice(0, -4).split("\r\n");
  if (!first.endsWith(" HTTP/1.1") || lines.length > MOST_HEADERS) return null;
  const query = first.slice(begin.length, -" HTTP/1.1".length);
  if (query !== "" && !QUERY.test(query)) return null;
  const headers = parseHeaders(lines);
  return headers === null ? null : { url: `${path}${query}`, headers };
}

function parseHeaders(lines: readonly string[]): ReadonlyMap<string, string> | null {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, given, value = ""] = HEADER.exec(line) ?? [];
    if (given === undefined) return null;
    const name = given.toLowerCase();
    // What twice the same header means depends on the header.
    if (SPECIAL.has(name) || headers.has(name)) return null;
    headers.set(name, value);
  }
  // Without a value, Node answers 400 itself, or hands the request on: it depends on its options.
  const isPlain = (headers.get("host") ?? "") !== "" && CONNECTION.test(headers.get("connection") ?? "close");
  return isPlain ? headers : null;
}
