import { createClient, StreamError } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { expect, test } from "vitest";
import { z } from "zod";
import { bannerText, followBanner } from "./banner.ts";

test("a banner says nothing while all is well, and nothing about what takes a moment", () => {
  for (const state of ["idle", "connecting", "live"] as const) expect(bannerText({ state }, 0)).toBeNull();
  const retrying = { state: "retrying", reason: "draining", since: 1_000, at: 9_000 } as const;
  expect(bannerText(retrying, 3_999)).toBeNull();
  expect(bannerText(retrying, 4_000)).toBe("Not up to date (draining). Trying again in 5 s.");
});

test("a banner says that something is missing", () => {
  const degraded = { since: 0, cause: new StreamError("invalid-data", "Cannot read it.") };
  expect(bannerText({ state: "live", degraded }, 0)).toContain("Please reload it.");
});

test("a banner says what the person can do about an end", () => {
  expect(bannerText({ state: "closed", reason: "unauthenticated" }, 0)).toBe("Please sign in again.");
  const ended = { state: "closed", reason: "forbidden" } as const;
  expect(bannerText({ state: "idle", ended }, 0)).toBe("You may not see this.");
  expect(bannerText({ state: "closed", reason: "rejected" }, 0)).toBe("Disconnected. Please reload the page.");
});

test("whoever has to sign in again goes on from where they were, and the banner says so meanwhile", async () => {
  const contract = defineContract({ news: channel("news", { posted: z.object({ n: z.number() }) }) });
  let isSignedIn = true;
  const hub = createHub(contract, {
    log: memoryLog(),
    authenticate: () => (isSignedIn ? { id: "ada" } : null),
    authorize: () => true,
    onLog: () => {},
  });
  const handle = toFetchHandler(hub);
  const client = createClient(contract, {
    url: "http://hub.test/events",
    fetch: async (url, init) => handle(new Request(url, init)),
    random: () => 0,
    onError: () => {},
  });
  const shown: (string | null)[] = [];
  const leave = followBanner(client, (text) => shown.push(text));
  const heard: number[] = [];
  client.subscribe(contract.news(), { posted: ({ n }) => heard.push(n), onGap: () => {} });
  await expect.poll(() => client.status.value.state).toBe("live");
  await hub.publish(contract.news(), "posted", { n: 1 });
  await expect.poll(() => heard).toEqual([1]);

  isSignedIn = false;
  await hub.disconnect({ viewer: "ada" });
  await expect.poll(() => shown.at(-1)).toBe("Please sign in again.");
  await hub.publish(contract.news(), "posted", { n: 2 });

  isSignedIn = true;
  client.reconnect();
  await expect.poll(() => heard).toEqual([1, 2]);
  expect(shown.at(-1)).toBeNull();
  leave();
  client.close();
  await hub.close();
});
