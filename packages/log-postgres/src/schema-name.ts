/** The name of a schema. It needs no quotes, and it is a part of texts in the functions. */
const NAME = /^(?!pg_)[a-z_][a-z0-9_]{0,39}$/;

/** The name of the schema in statements. It is quoted, since it may be a word of SQL. */
export function quoted(name: string): string {
  return `"${name}"`;
}

/** @throws TypeError if it is no name of a schema */
export function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new TypeError(
    `Expected a schema of at most 40 letters a-z, digits and "_", not beginning with a digit or "pg_", got "${name}".`,
  );
}
