import * as runner from "node:test";
import { describeWire } from "@tidings/testing/wire";
import { pythonServer } from "./wire/python-server.ts";

// wire-outsiders.test.ts runs this file: the suite depends on no test runner, so it works with that of Node.

const describe = (name: string, body: () => void) => runner.describe(name, { concurrency: 6 }, body);
describeWire("a server in Python", pythonServer, { describe, test: runner.test });
