import { describeWire } from "@tidings/testing/wire";
import { describe, test } from "vitest";
import { openReferenceHub } from "./wire/reference-hub.ts";
import { ownServers } from "./wire/servers.ts";

for (const { name, serve, ...facts } of ownServers) {
  // Concurrently: each law has a server of its own, and waits most of the time.
  describeWire(name, { open: () => openReferenceHub(serve), facts }, { describe: describe.concurrent, test });
}
