import { test } from "vitest";
import { server } from "../../packages/log-postgres/test/test-server.ts";
import { expectRightPeopleAfterKills } from "./presence/expect-right-people-after-kills.ts";
import { PATIENCE } from "./presence/servers.ts";

test(
  "of servers that are killed one after the other, only those are gone who do not come back, and the number is right",
  () => expectRightPeopleAfterKills([server.url, server.newSchema()]),
  PATIENCE,
);
