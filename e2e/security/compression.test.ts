import { once } from "node:events";
import { request } from "node:http";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { servers } from "../wire/servers.ts";
import type { IncomingMessage } from "node:http";

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.string() }) });

// The length of what is compressed tells whether an attacker's text and a secret beside it are alike (CRIME, BREACH).
test.each(servers.filter(({ http }) => http === 1))(
  "$name compresses no stream and no page, whoever asks for it, and tells proxies not to",
  async ({ serve }) => {
    const hub = createHub(chat, { log: memoryLog(), authorize: () => true });
    const { port, close } = await serve(hub);
    onTestFinished(async () => {
      await hub.close();
      await close();
    });
    for (const accept of ["text/event-stream", "application/json"]) {
      const headers = { accept, "accept-encoding": "gzip, deflate, br, zstd", te: "trailers, gzip" };
      const asking = request({ port, host: "127.0.0.1", path: "/events?channel=rooms/lobby", headers }).end();
      const [response] = (await once(asking, "response")) as [IncomingMessage];
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
