import { describeWire } from "@tidings/testing/wire";
import { describe, test } from "vitest";
import { openBehind } from "./wire/house.ts";
import { servers } from "./wire/servers.ts";

for (const { name, serve, ...facts } of servers) {
  // Each law has a server of its own, and most of its time goes by in waiting.
  describeWire(name, { open: openBehind(serve), facts }, { describe: describe.concurrent, test });
}
