import { expect, test } from "vitest";
import { serveHosts } from "./hosts.ts";

/** The status of the refusal; 200 if the request is served. */
function statusOf(hosts: readonly string[], host: string | undefined, origin?: string, method = "POST"): number {
  let status = 200;
  const request = { method, headers: { host, origin } };
  try {
    // Safe: the handler reads these two members only, and calls `next` without an answer.
    void serveHosts(hosts)(request as never, {} as never, () => {});
  } catch (error) {
    status = (error as { status: number }).status;
  }
  return status;
}

test("unless told otherwise, the server answers to the names of this machine only, at any port", () => {
  for (const host of ["localhost", "LOCALHOST:3111", "127.0.0.1:3111", "[::1]:80", "localhost:443"]) {
    expect(statusOf([], host), host).toBe(200);
  }
  for (const host of [
    ...["rebound.example", "rebound.example:3111", "localhost.rebound.example", "localhost@rebound.example", ""],
    ...["localhost/x", "localhost?x", "127.0.0.1.nip.io", "10.0.0.1", "0.0.0.0", undefined, "localhost#", "a b"],
  ]) {
    expect(statusOf([], host), host ?? "no host").toBe(421);
  }
});

test("a host can be told, for every port or for one", () => {
  expect(statusOf(["chat.example"], "chat.example:8443")).toBe(200);
  expect(statusOf(["Chat.Example"], "chat.example")).toBe(200);
  expect(statusOf(["chat.example:8443"], "chat.example:8443")).toBe(200);
  expect(statusOf(["chat.example:8443"], "chat.example")).toBe(421);
  expect(statusOf(["chat.example"], "other.example")).toBe(421);
  expect(statusOf(["*"], "any.example")).toBe(200);
});

test("a page of another site changes nothing; reading is the browser's own rule", () => {
  const hosts = ["app.example"];
  expect(statusOf(hosts, "app.example:80", "http://app.example")).toBe(200);
  expect(statusOf(hosts, "app.example", "https://app.example")).toBe(200);
  expect(statusOf(hosts, "127.0.0.1:3111", "https://app.example")).toBe(200);
  for (const origin of ["http://evil.example", "null", "https://app.example.evil.example", "https://app.example/"]) {
    expect(statusOf(hosts, "app.example", origin), origin).toBe(403);
  }
  expect(statusOf(hosts, "app.example", "http://evil.example", "GET")).toBe(200);
});

test("the default port is no part of a host", () => {
  expect(statusOf(["app.example"], "app.example:80", "http://app.example")).toBe(200);
  expect(statusOf(["app.example:8080"], "app.example:8080", "http://app.example:8080")).toBe(200);
  expect(statusOf(["app.example:8080"], "app.example:8080", "http://app.example")).toBe(403);
  expect(statusOf(["app.example:80"], "app.example", "http://app.example")).toBe(200);
  expect(statusOf(["app.example:443"], "app.example", "https://app.example")).toBe(200);
  expect(statusOf(["app.example:443"], "app.example", "http://app.example")).toBe(403);
});
