import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, test } from "vitest";
import { serveHub } from "../serve-hub.ts";
import { testContract } from "../../packages/contract/test/test-contract.ts";
import { servers } from "../wire/servers.ts";

// The compressed length reveals how similar an attacker's text is to a secret beside it (CRIME, BREACH).
test.each(servers.filter(({ http }) => http === 1))(
  "$name compresses no stream and no page, whatever the request accepts, and tells proxies not to",
  async ({ serve }) => {
    const hub = createHub(testContract, { log: memoryLog(), authorize: () => true });
    const port = await serveHub(hub, serve);
    for (const accept of ["text/event-stream", "application/json"]) {
      const headers = { accept, "accept-encoding": "gzip, deflate, br, zstd", te: "trailers, gzip" };
      const sent = request({ port, host: "127.0.0.1", path: "/events?channel=rooms/lobby", headers }).end();
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      expect(response.statusCode).toBe(200);
      expect(response.headers["content-encoding"]).toBeUndefined();
      expect(response.headers["transfer-encoding"] ?? "chunked").toBe("chunked");
      expect(response.headers["cache-control"]).toBe(
        accept === "application/json" ? "no-store" : "no-store, no-transform",
      );
      const [chunk] = (await once(response, "data")) as [Buffer];
      expect(chunk.toString()).toMatch(/^(retry: \d+\nevent: hello|\{"events":\[\])/);
      response.destroy();
    }
  },
);
