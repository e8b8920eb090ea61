import type { ConnectionOptions } from "node:tls";

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
  readonly tls?: ConnectionOptions | undefined;
  /** @default "tidings" */
  readonly connectionName?: string | undefined;
}

/** Where the server is: a URL like `redis://user:password@host:6379/0` or `rediss://…`, or settings. */
export type Connection = string | ConnectionSettings;
