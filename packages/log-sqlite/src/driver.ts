import { createRequire } from "node:module";

/** A value that a statement binds. */
export type Value = string | number | null;
/** A row of a result, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** A prepared statement. */
export interface Statement {
  run(...values: Value[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): Row[];
}

/** The part of a synchronous SQLite driver's handle that the log uses. node:sqlite and libsql both have it. */
export interface Handle {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): void;
}

/**
 * A handle of the application on the log's file, with an open transaction. It has to come from the driver that the log
 * uses.
 */
export interface SqliteTransaction {
  prepare(sql: string): { run(...values: Value[]): unknown; get(...values: Value[]): unknown };
}

/** A SQLite driver. */
export interface Driver {
  readonly name: "node:sqlite" | "libsql";
  open(path: string): Handle;
}

/** Two ways to load a module. */
interface ModuleLoaders {
  /** Returns undefined if this Node does not have the module. */
  readonly builtin: (name: "node:sqlite") => unknown;
  /** Throws if the package is not installed. */
  readonly load: (name: "libsql") => unknown;
}

const loaders: ModuleLoaders = {
  builtin: (name) => process.getBuiltinModule(name),
  load: createRequire(import.meta.url),
};

/**
 * Finds a driver: node:sqlite if this Node has it, otherwise libsql.
 *
 * @throws Error if there is neither; it names the package to install
 */
export function findDriver({ builtin, load }: ModuleLoaders = loaders): Driver {
  // An older Node has no such module, so its types prove nothing. The log uses only the members of `Handle`.
  const node = builtin("node:sqlite") as { DatabaseSync: new (path: string) => Handle } | undefined;
  if (node !== undefined) return { name: "node:sqlite", open: (path) => new node.DatabaseSync(path) };
  try {
    // The log uses only the members of `Handle`, and libsql has them.
    const Database = load("libsql") as new (path: string) => Handle;
    return { name: "libsql", open: (path) => new Database(path) };
  } catch (cause) {
    throw new Error(
      'Expected node:sqlite (Node 22.13 or newer) or the package "libsql", ' +
        `got neither on Node ${process.version}; run: npm install libsql`,
      { cause },
    );
  }
}
