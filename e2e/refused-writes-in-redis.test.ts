import { redisLog } from "@tidings/log-redis";
import { test, vi } from "vitest";
import { DURABLE } from "../packages/log-redis/test/redis-server.ts";
import { hasServer, startServer } from "../packages/log-redis/test/test-server.ts";
import { expectClearRefusals } from "./refused-writes.ts";

vi.setConfig({ testTimeout: 120_000 });

type Command = readonly [name: string, ...values: string[]];

/** A port on which nobody listens. */
const NOBODY = "1";

const REFUSALS: readonly (readonly [why: string, begin: Command, end: Command, reason: string])[] = [
  [
    "has no memory left and deletes nothing",
    ["config", "set", "maxmemory", "1"],
    ["config", "set", "maxmemory", "0"],
    "raise maxmemory",
  ],
  [
    "has become a replica",
    ["replicaof", "127.0.0.1", NOBODY],
    ["replicaof", "no", "one"],
    "The server is a replica: connect to the primary",
  ],
  [
    "demands replicas that are not there",
    ["config", "set", "min-replicas-to-write", "1"],
    ["config", "set", "min-replicas-to-write", "0"],
    "check that they run",
  ],
];

test.runIf(hasServer).for(REFUSALS)(
  "while Redis %s, a publish says so at once, streams go on, and the first publish after it succeeds",
  async ([, begin, end, reason]) => {
    const server = await startServer(DURABLE);
    const send = async ([name, ...values]: Command) => void (await server.send(name, ...values));
    await expectClearRefusals(await redisLog(server.url), {
      begin: () => send(begin),
      end: () => send(end),
      reason,
    });
  },
);
