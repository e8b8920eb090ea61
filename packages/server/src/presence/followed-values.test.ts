import { defineContract } from "@tidings/contract";
import { serversChannel } from "@tidings/contract/presence";
import { expect, test } from "vitest";
import type { AnyItem } from "../reader/read-item.ts";
import { FollowedValues } from "./followed-values.ts";

const { servers } = defineContract({ servers: serversChannel("servers") });
const about = { name: "servers", params: {}, channel: "servers", cursor: "e.1" } as const;
const gap: AnyItem = { ...about, kind: "gap", reason: "trimmed" };
const alive: AnyItem = { ...about, kind: "event", type: "alive", data: { server: "0123456789abcdef" } };

/** Each loop over the address gets these items, then nothing more. */
function follow(items: readonly AnyItem[]) {
  const loops = { count: 0 };
  async function* events() {
    loops.count++;
    yield* items;
    await new Promise(() => {});
  }
  const report = (error: unknown) => expect.unreachable(String(error));
  const values = new FollowedValues({ hub: { events }, channel: servers, address: servers(), report });
  return { values, loops };
}

test("a gap before the first value is no reason to read the address again, also if somebody has looked", async () => {
  const { values, loops } = follow([gap, alive]);
  expect(values.of("alive").size).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(values.of("alive").size).toBe(1);
  expect(loops.count).toBe(1);
});
