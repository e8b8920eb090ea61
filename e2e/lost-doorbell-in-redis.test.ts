import { redisLog } from "@tidings/log-redis";
import { test, vi } from "vitest";
import { startProxy } from "../packages/log/test/node/tcp-proxy.ts";
import { hasServer, server } from "../packages/log-redis/test/test-server.ts";
import { expectCounted } from "./lost-doorbell.ts";

vi.setConfig({ testTimeout: 60_000 });

test.runIf(hasServer)(
  "where messages of Redis get lost, events come with the poll, and the hub counts that",
  async () => {
    let isLossy = false;
    // What a subscription hears is short, and comes alone.
    const isMessage = (chunk: Buffer): boolean => chunk.includes("\r\nmessage\r\n");
    const { url } = await startProxy(server.url, () => (chunk) => (isLossy && isMessage(chunk) ? [] : [chunk]));
    const options = { name: server.newName(), onWarning: () => {} };
    const [near, far] = [await redisLog(server.url, options), await redisLog(url, options)];
    await expectCounted(near, far, () => {
      isLossy = true;
    });
  },
);
