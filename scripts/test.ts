// `npm test`: types and the tests that are done within minutes; with arguments, what vitest makes of them.
import { execa } from "execa";

const given = process.argv.slice(2);
const quick = ["--project=code", "--project=alone", "--project=smoke"];
const run = execa({ stdio: "inherit", reject: false });

// Type tests are part of the types.
const types = given.length === 0 ? await run("npm", ["run", "types"]) : { exitCode: 0 };
const tests =
  types.exitCode === 0 ? await run("vitest", ["run", ...(given.length === 0 ? quick : given)]) : { exitCode: 1 };
process.exitCode = tests.exitCode ?? 1;
