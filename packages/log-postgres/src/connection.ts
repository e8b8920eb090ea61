import { typeNameOf } from "@tidings/protocol/checks";
import type { Duplex } from "node:stream";
import type { ConnectionOptions } from "node:tls";

/** Settings of the connections, as the package pg has them. Times are in milliseconds. */
export interface ConnectionSettings {
  readonly connectionString?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  /** A function is called for each new connection, for passwords that change. */
  readonly password?: string | (() => string | Promise<string>) | undefined;
  readonly database?: string | undefined;
  readonly ssl?: boolean | ConnectionOptions | undefined;
  /** Makes the socket of a connection. */
  readonly stream?: () => Duplex | undefined;
  /** Settings of the session, such as `-c statement_timeout=5s`. */
  readonly options?: string | undefined;
  /** @default "tidings" */
  readonly application_name?: string | undefined;
  /** The most connections, without the one that listens; at least 2, since appends have one alone. @default 4 */
  readonly max?: number | undefined;
  /** An attempt to connect that takes longer fails. 0 stands for the default. @default 4_000 */
  readonly connectionTimeoutMillis?: number | undefined;
  /** A connection that is not used for so long is closed. @default 10_000 */
  readonly idleTimeoutMillis?: number | undefined | null;
  /** In seconds: a connection that is older is replaced by a new one. @default never */
  readonly maxLifetimeSeconds?: number | undefined;
  /** Whether the system finds out that the other side is gone. @default true */
  readonly keepAlive?: boolean | undefined;
}

/** Where the database is: a URL, or settings. */
export type Connection = string | ConnectionSettings;

const EXAMPLE = "postgres://user:password@host:5432/database";

/**
 * Checks where the database is. The driver takes another URL for that of a database on this machine, or for the name of
 * a host.
 *
 * @throws TypeError for what is neither a URL of PostgreSQL nor settings. It does not have the URL, which may have a
 *   password
 */
export function checkConnection(connection: Connection): void {
  const expected = `Expected the connection of postgresLog to be a URL such as "${EXAMPLE}", or settings`;
  // Plain JavaScript may pass anything, such as a variable of the environment that is not set.
  if (typeof connection === "string") {
    // A path is that of a Unix socket.
    if (/^(socket:|\/)/i.test(connection)) return;
    if (/^postgres(ql)?:/i.test(connection)) return checkUrl(connection);
    const [scheme] = /^[a-z][a-z0-9+.-]*:/i.exec(connection) ?? [];
    const got = connection === "" ? "an empty text" : (scheme ?? "a text without a scheme");
    throw new TypeError(`${expected}, got ${got}.`);
  }
  if (typeNameOf(connection) !== "object") throw new TypeError(`${expected}, got ${typeNameOf(connection)}.`);
}

/** The driver reads more than the standard does: a user without a host stands for the default host. */
function checkUrl(url: string): void {
  if (URL.canParse(url.replace("@/", "@localhost/"))) return;
  throw new TypeError(
    `Expected a URL such as "${EXAMPLE}", got one that cannot be read; percent-encode the special characters of its ` +
      "user and password.",
  );
}
