import { expect, test } from "vitest";
import { insertError } from "./postgres-error.ts";

const REPORT = "expected a transaction that was begun before";

/** The error of pg, as each library passes it on. */
const wrapped: Record<string, Error> = {
  pg: Object.assign(new Error(REPORT), { code: "25P01" }),
  drizzle: new Error('Failed query: select "tidings".publish($1, true)\nparams: [{"data":"secret"}]', {
    cause: Object.assign(new Error(REPORT), { code: "25P01" }),
  }),
  Prisma: Object.assign(new Error(`\nInvalid \`prisma.$executeRawUnsafe()\` invocation:\n\n\nRaw query failed`), {
    code: "P2010",
    meta: {
      driverAdapterError: new Error("postgres", { cause: { originalCode: "25P01", originalMessage: REPORT } }),
    },
  }),
};

test.for(Object.keys(wrapped))("what the server reports through %s is said, with what to do", (library) => {
  expect(insertError(wrapped[library]).message).toBe(
    `Cannot publish inside a transaction to the log in PostgreSQL: ${REPORT}. Pass the connection that has begun the ` +
      "transaction, not a pool, and do not set constraints to immediate before.",
  );
});

test("a client that is closed inserts nothing, and its transaction has to be rolled back", () => {
  expect(insertError(new Error("Client was closed and is not queryable")).message).toMatch(
    /not queryable\. The server did not answer: roll the transaction back, and nothing of it is stored\.$/,
  );
});

test("a transaction of Prisma that has ended is said on one line", () => {
  const ended =
    "\nInvalid `prisma.$executeRawUnsafe()` invocation:\n\n\nTransaction already closed: A query cannot be run.";
  expect(insertError(Object.assign(new Error(ended), { code: "P2028", meta: {} })).message).toMatch(
    /: Invalid .* invocation: Transaction already closed: A query cannot be run\. Await publishIn inside of the trans/,
  );
});
