/** Where the chat keeps its rows and its events. */
export type LogSetting =
  | { readonly kind: "memory" }
  | { readonly kind: "sqlite"; readonly path: string }
  | { readonly kind: "postgres"; readonly url: string }
  /** The events are in Redis, the rows in a SQLite file. */
  | { readonly kind: "redis"; readonly url: string; readonly path: string };

/** The name of a file that stands for no file. */
const IN_MEMORY = ":memory:";

const EXPECTED =
  "TIDINGS_LOG must be postgres://user:password@host:port/database, redis://user:password@host:port, " +
  "sqlite:path/to/file.db or memory";

/**
 * Reads the setting.
 *
 * @param text the value of `TIDINGS_LOG`; empty for rows and events in the file
 * @param file the SQLite file of the rows, where the text names no other place
 * @throws TypeError that says what is wrong
 */
export function readLogSetting(text: string, file: string): LogSetting {
  const [, scheme = "", rest = ""] = /^(\w+)(?::(.*))?$/s.exec(text === "" ? `sqlite:${file}` : text) ?? [];
  switch (scheme) {
    case "memory":
      if (text === "memory") return { kind: "memory" };
      break;
    case "sqlite":
      if (rest === IN_MEMORY) return { kind: "memory" };
      if (rest !== "") return { kind: "sqlite", path: rest };
      throw new TypeError(`${EXPECTED}: there is no path after "sqlite:".`);
    case "postgres":
    case "postgresql":
      return { kind: "postgres", url: checkUrl(text) };
    case "redis":
    case "rediss":
      return { kind: "redis", url: checkUrl(text), path: file };
    default:
  }
  throw new TypeError(`${EXPECTED}, not ${nameOf(text)}.`);
}

/** What a message says of a text that is no setting. It may have a password before an `@`, or after a `?`. */
function nameOf(text: string): string {
  if (!/[@?]/.test(text)) return JSON.stringify(text);
  const [scheme] = /^\w+:\/\//.exec(text) ?? [];
  return scheme === undefined ? "the text that was given" : `a text with ${scheme}`;
}

/** @throws TypeError if it is no URL with a host. The message does not repeat it: it may have a password */
function checkUrl(text: string): string {
  if (/^\w+:\/\//.test(text) && URL.canParse(text) && new URL(text).hostname !== "") return text;
  throw new TypeError(`${EXPECTED}: this URL has no host, or a character that must be percent-encoded.`);
}
