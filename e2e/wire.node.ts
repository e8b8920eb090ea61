import * as runner from "node:test";
import { describeWire } from "@tidings/testing/wire";
import { pythonServer } from "./wire/python-server.ts";

// Run by wire-outsiders.test.ts: the suite knows no test runner, so it works with Node's own.

const describe = (name: string, body: () => void) => runner.describe(name, { concurrency: 6 }, body);
describeWire("a server in Python", pythonServer, { describe, test: runner.test });
