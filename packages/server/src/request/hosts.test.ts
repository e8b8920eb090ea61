import { describe, expect, test } from "vitest";
import { openTestHub, parsePage } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby&protocol=1";

async function statusOf(hosts: readonly string[] | undefined, headers: Readonly<Record<string, string>>) {
  const { ask } = await openTestHub(hosts === undefined ? {} : { hosts });
  return (await ask(LOBBY, { headers })).status;
}

describe("the hosts of a hub", () => {
  test.each([
    ["every host when none is listed", undefined, "evil.example", 200],
    ["a listed host", ["app.example"], "app.example", 200],
    ["a listed host in other letters", ["app.example"], "APP.Example", 200],
    ["a listed host on any port", ["localhost"], "localhost:3111", 200],
    ["a listed host on its port", ["localhost:3111"], "localhost:3111", 200],
    ["a listed host on another port", ["localhost:3111"], "localhost:3112", 403],
    ["the default port of http", ["app.example:80"], "app.example", 200],
    ["the default port of https", ["app.example:443"], "app.example", 200],
    ["no port instead of the default one", ["app.example"], "app.example:443", 200],
    ["an address of IPv6", ["[::1]"], "[::1]:3111", 200],
    ["the same address in another spelling", ["[::1]"], "[0:0:0:0:0:0:0:1]:3111", 200],
    ["a name that a page has pointed here", ["localhost", "127.0.0.1"], "evil.example:3111", 403],
    ["a name that begins like a listed one", ["app.example"], "app.example.evil", 403],
    ["a listed host as a user name", ["app.example"], "app.example@evil.example", 403],
    ["a listed host before a path", ["app.example"], "app.example/evil", 403],
    ["no host at all", ["app.example"], "", 403],
  ])("%s", async (_, hosts, host, status) => {
    expect(await statusOf(hosts, { host })).toBe(status);
  });

  test("a request without a Host is refused, and nobody is asked", async () => {
    let asked = 0;
    const { page, log } = await openTestHub({ hosts: ["app.example"], authenticate: () => ({ id: `v${asked++}` }) });
    const callsBefore = log.callCount;
    const { status, json } = await page("channel=rooms/lobby");
    expect([status, json.code, asked, log.callCount]).toEqual([403, "bad-origin", 0, callsBefore]);
  });

  test.each([
    ["the page's host with the default port", undefined, "http://app.example", "app.example:80", 200],
    ["the page's host with the default port of https", undefined, "https://app.example", "app.example:443", 200],
    ["the default port of the other scheme", undefined, "https://app.example", "app.example:80", 403],
    ["another port", undefined, "https://app.example:8443", "app.example", 403],
    ["a page of no website", undefined, "app://app.example", "app.example", 403],
    ["the host that a proxy sends", ["app.example", "backend:3000"], "https://app.example", "backend:3000", 200],
    ["a port that a page of a listed host has", ["localhost"], "http://localhost:5173", "localhost:3111", 403],
    ["a listed port", ["localhost:5173", "localhost:3111"], "http://localhost:5173", "localhost:3111", 200],
    ["a page of http at the port of https", ["tls.example:443", "backend"], "http://tls.example", "backend", 403],
    ["a page of https at its listed port", ["tls.example:443", "backend"], "https://tls.example", "backend", 200],
    ["a page of another host", ["app.example"], "https://evil.example", "app.example", 403],
  ])("as an origin: %s", async (_, hosts, origin, host, status) => {
    expect(await statusOf(hosts, { origin, host })).toBe(status);
  });

  test("what a browser says of an origin counts more than its host", async () => {
    const headers = { origin: "http://app.example", host: "app.example", "sec-fetch-site": "same-site" };
    expect(await statusOf(["app.example"], headers)).toBe(403);
  });

  test.each([
    [[]],
    [["https://app.example"]],
    [["app.example/events"]],
    [["*.example.com"]],
    [[""]],
    [[5]],
    ["app.example"],
  ])("%j is a start-up error", async (hosts) => {
    await expect(openTestHub({ hosts: hosts as never })).rejects.toThrow(TypeError);
  });

  test("a refusal has a problem that says why", async () => {
    const { ask } = await openTestHub({ hosts: ["app.example"] });
    const response = await ask(LOBBY, { headers: { host: "evil.example" } });
    expect(parsePage(response).json).toMatchObject({ detail: "This server does not answer under this host name." });
  });
});
