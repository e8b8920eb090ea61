// `npm test`: types and the tests that are done within minutes. With arguments, only tests: those that vitest selects
// by the arguments, of all projects.
import { execa } from "execa";

const run = execa({ stdio: "inherit", reject: false });
const given = process.argv.slice(2);
const quick = ["code", "postgres", "redis", "*simulation", "react*", "smoke"].map((each) => `--project=${each}`);

// Type tests are part of the types.
const types = given.length === 0 ? await run`npm run types` : null;
const last = types?.failed === true ? types : await run`vitest run ${given.length === 0 ? quick : given}`;
process.exitCode = last.exitCode ?? 1;
