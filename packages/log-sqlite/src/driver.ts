import { createRequire } from "node:module";

export type Value = string | number | null;
export type Row = Readonly<Record<string, unknown>>;

export interface Statement {
  run(...values: Value[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): Row[];
}

/** The part of a synchronous SQLite driver that the log uses; node:sqlite and libsql both have it. */
export interface Handle {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): void;
}

/** A handle of the application on the log's file, with a transaction open, of the driver that the log uses. */
export interface SqliteTransaction {
  prepare(sql: string): { run(...values: Value[]): unknown; get(...values: Value[]): unknown };
}

export interface Driver {
  readonly name: "node:sqlite" | "libsql";
  open(path: string): Handle;
}

interface DriverSources {
  readonly builtin: (name: "node:sqlite") => unknown;
  readonly load: (name: "libsql") => unknown;
}

const sources: DriverSources = {
  builtin: (name) => process.getBuiltinModule(name),
  load: createRequire(import.meta.url),
};

/**
 * The driver that this Node has; its own is preferred.
 * @throws Error when there is none; it names the package to install
 */
export function findDriver({ builtin, load }: DriverSources = sources): Driver {
  // Older Nodes do not know the module, so the types of the one that compiles this say nothing; it is used as a `Handle` only.
  const node = builtin("node:sqlite") as { DatabaseSync: new (path: string) => Handle } | undefined;
  if (node !== undefined) return { name: "node:sqlite", open: (path) => new node.DatabaseSync(path) };
  try {
    // Its types are those of the whole package; the log uses it as a `Handle` only.
    const Database = load("libsql") as new (path: string) => Handle;
    return { name: "libsql", open: (path) => new Database(path) };
  } catch (cause) {
    throw new Error(
      `Expected node:sqlite (Node 22.13 or newer) or the package "libsql", got neither on Node ${process.version}; run: npm install libsql`,
      { cause },
    );
  }
}
