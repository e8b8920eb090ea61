import type { Queryable } from "./database.ts";
import { UnfitServerError } from "./postgres-error.ts";
import { quoted } from "./schema-name.ts";
import { appendFunctions } from "./sql/append-functions.ts";
import { bookkeeping } from "./sql/bookkeeping.ts";
import { endFunctions } from "./sql/end-functions.ts";
import { expectedValueFunctions } from "./sql/expected-value-functions.ts";
import { publishFunctions } from "./sql/publish-functions.ts";
import { readFunctions } from "./sql/read-functions.ts";
import { retentionFunctions } from "./sql/retention-functions.ts";
import { ruleFunctions } from "./sql/rule-functions.ts";
import { tables } from "./sql/tables.ts";

/** The statements that upgrade a schema: item n leads from version n to n + 1, so there are as many as versions. */
const MIGRATIONS: readonly ((name: string) => string)[] = [
  (name) => {
    const schema = quoted(name);
    const functions = [
      endFunctions(schema),
      appendFunctions(schema, name),
      publishFunctions(schema),
      expectedValueFunctions(schema),
      readFunctions(schema),
      ruleFunctions(schema, name),
      bookkeeping(schema),
      retentionFunctions(schema),
    ];
    return [tables(schema), ...functions, `select ${schema}.begin_epoch();`].join("\n");
  },
];

/**
 * Creates or upgrades the schema, in one transaction. Many processes may call it at the same time. It writes nothing if
 * the schema is up to date; a role needs the right to create a schema only for the first time.
 *
 * @param database one connection, which is closed after an error; that rolls the transaction back
 * @throws UnfitServerError if the server is too old, or if a newer version of this package has written the schema
 */
export async function prepareSchema(database: Queryable, name: string, migrations = MIGRATIONS): Promise<void> {
  if ((await checkedVersion(database, name, migrations.length)) === migrations.length) return;
  await refuseOldServer(database);
  await database.query("begin isolation level read committed", []);
  await database.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`tidings schema ${name}`]);
  // Check again: another process may have upgraded the schema in the meantime.
  const version = await checkedVersion(database, name, migrations.length);
  if (version === 0) await database.query(`create schema if not exists ${quoted(name)}`, []);
  for (const migration of migrations.slice(version)) await database.query(migration(name));
  await database.query(`delete from ${quoted(name)}.version`, []);
  await database.query(`insert into ${quoted(name)}.version values ($1)`, [migrations.length]);
  await database.query("commit", []);
}

/** The oldest server, as it numbers its versions. */
const OLDEST_SERVER = 130_000;

async function refuseOldServer(database: Queryable): Promise<void> {
  const settings =
    "current_setting('server_version_num')::integer as number, current_setting('server_version') as name";
  const [row] = await database.query(`select ${settings}`, []);
  if (Number(row?.["number"]) >= OLDEST_SERVER) return;
  throw new UnfitServerError(`expected PostgreSQL 13 or newer, got ${String(row?.["name"])}`);
}

async function checkedVersion(database: Queryable, name: string, newest: number): Promise<number> {
  const version = await readVersion(database, name);
  if (version <= newest) return version;
  throw new UnfitServerError(
    `expected tables of version ${newest} or older, got version ${version}: ` +
      "a newer @tidings/log-postgres has written them; upgrade this one",
  );
}

/** The version of the tables; 0 if there are none. */
async function readVersion(database: Queryable, name: string): Promise<number> {
  // Not by `to_regclass`: it would remember, inside of this transaction, that there is no such table.
  const found = "select 1 from pg_class join pg_namespace on pg_namespace.oid = relnamespace";
  const [table] = await database.query(`${found} where nspname = $1 and relname = 'version'`, [name]);
  if (table === undefined) return 0;
  const [row] = await database.query(`select number from ${quoted(name)}.version`, []);
  return Number(row?.["number"] ?? 0);
}
