import type { ConnectionOptions } from "node:tls";
import { checkOptions, typeNameOf, type CheckedType } from "@tidings/protocol/checks";

/** Settings of the connections, as the package ioredis has them. */
export interface ConnectionSettings {
  /** @default "localhost" */
  readonly host?: string | undefined;
  /** @default 6379 */
  readonly port?: number | undefined;
  /** The path of a Unix socket, instead of `host` and `port`. */
  readonly path?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** The number of the database. @default 0 */
  readonly db?: number | undefined;
  /** The version of IP to look the host up for: 4, 6, or 0 for both. @default 0 */
  readonly family?: number | undefined;
  readonly tls?: ConnectionOptions | undefined;
  /** @default "tidings" */
  readonly connectionName?: string | undefined;
}

/** Where the server is: a URL like `redis://user:password@host:6379/0` or `rediss://…`, or settings. */
export type Connection = string | ConnectionSettings;

/** The type of each setting. */
const SETTING_TYPES = {
  host: "string",
  port: "number",
  path: "string",
  username: "string",
  password: "string",
  db: "number",
  family: "number",
  tls: "object",
  connectionName: "string",
} as const satisfies Record<keyof ConnectionSettings, CheckedType>;

/** What a URL may have after its question mark. */
const PARAMETERS: readonly string[] = ["db", "family"];

/**
 * Checks where the server is. The client would take everything that it knows from a URL, also what the log decides:
 * whether commands are sent again, and how keys begin. With a prefix of its own, the doorbell would hear nothing.
 *
 * @throws TypeError for what is neither a URL of Redis nor settings, and for a parameter or setting that is not known
 */
export function checkConnection(connection: Connection): void {
  // Plain JavaScript may pass anything.
  const type = typeNameOf(connection);
  if (typeof connection === "string") return checkUrl(connection);
  if (type === "object") return checkOptions("the connection of redisLog", connection, SETTING_TYPES);
  throw new TypeError(`Expected the connection of redisLog to be a URL or settings, got ${type}.`);
}

function checkUrl(url: string): void {
  // A variable of the environment that is there and has no value. The client would connect to this machine.
  if (url === "") throw new TypeError('Expected a URL of Redis, such as "redis://cache:6379", got an empty text.');
  const [, scheme] = /^([^/?#@]*:)\/\//.exec(url) ?? [];
  if (scheme !== undefined && !/^rediss?:$/i.test(scheme)) {
    throw new TypeError(`Expected a URL that begins with redis: or rediss:, got "${scheme}".`);
  }
  const full = scheme === undefined ? `redis://${url}` : url;
  // The error does not have the URL, which may have a password.
  // An unencoded slash ends the host: the rest of the password, and an "@", would be the path.
  if (!URL.canParse(full) || new URL(full).pathname.includes("@")) {
    throw new TypeError(
      "Expected a URL of Redis, got one that cannot be read; percent-encode the special characters of its user and " +
        "password.",
    );
  }
  const { host, pathname } = new URL(full);
  if (host !== "" && !/^\/?\d*$/.test(pathname)) {
    throw new TypeError(`Expected the number of a database at the end of the URL of redisLog, got "${pathname}".`);
  }
  const name = [...new URL(full).searchParams.keys()].find((each) => !PARAMETERS.includes(each));
  if (name === undefined) return;
  throw new TypeError(
    `Expected no parameter in the URL of redisLog but ${PARAMETERS.join(" and ")}, got "${name}"; ` +
      'to give all keys another prefix, use the option "name".',
  );
}
