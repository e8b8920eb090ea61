import { test } from "vitest";
import { server } from "../../packages/log-postgres/test/test-server.ts";
import { expectNobodyLeavesInDeployment } from "./presence/expect-nobody-leaves-in-deployment.ts";
import { PATIENCE } from "./presence/servers.ts";

test(
  "a rolling deployment of two servers shows nobody leaving: each gets SIGTERM while the next one is up",
  () => expectNobodyLeavesInDeployment([server.url, server.newSchema()]),
  PATIENCE,
);
