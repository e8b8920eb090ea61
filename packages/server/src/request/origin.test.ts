import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openTestHub, parsePage } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby";

/** What plain JavaScript may pass. */
const asNever = (origins: unknown): never => origins as never;

describe("web origins", () => {
  const APP = "https://app.example";

  test.each([
    ["no origin", {}, undefined, 200],
    ["the same origin by its host", { origin: "https://hub.example", host: "hub.example" }, undefined, 200],
    [
      "the same origin by Sec-Fetch-Site",
      { origin: "https://hub.example", "sec-fetch-site": "same-origin" },
      undefined,
      200,
    ],
    ["another origin", { origin: APP, host: "hub.example" }, undefined, 403],
    ["another site that says nothing of its origin", { "sec-fetch-site": "cross-site" }, undefined, 403],
    ["a listed origin", { origin: APP }, { origins: [APP] }, 200],
    ["an origin that begins like a listed one", { origin: `${APP}.evil` }, { origins: [APP] }, 403],
    ["a listed host by another scheme", { origin: "http://app.example" }, { origins: [APP] }, 403],
    ["a listed host on another port", { origin: `${APP}:8443` }, { origins: [APP] }, 403],
    ["the origin null", { origin: "null" }, { origins: [APP] }, 403],
    ["the origin null, which is listed", { origin: "null" }, { origins: ["null"] }, 200],
    ["an app in a web view", { origin: "capacitor://localhost" }, { origins: ["capacitor://localhost"] }, 200],
    ["another app", { origin: "tauri://localhost" }, { origins: ["capacitor://localhost"] }, 403],
    ["an extension", { origin: "chrome-extension://abcdef" }, { origins: ["chrome-extension://abcdef"] }, 200],
    ["a subdomain of a pattern", { origin: "https://a.b.app.example" }, { origins: ["https://*.app.example"] }, 200],
    ["the host of a pattern itself", { origin: APP }, { origins: ["https://*.app.example"] }, 403],
    [
      "a host that ends like a pattern",
      { origin: "https://x-app.example" },
      { origins: ["https://*.app.example"] },
      403,
    ],
    [
      "a pattern's host on a port",
      { origin: "https://a.app.example:8443" },
      { origins: ["https://*.app.example"] },
      403,
    ],
    ["a whole origin that an expression matches", { origin: APP }, { origins: [/https:\/\/[a-z]+\.example/] }, 200],
    [
      "an origin that no page can have",
      { origin: `https://${"a".repeat(300)}.example` },
      { origins: "*" as const },
      403,
    ],
    ["more than an expression matches", { origin: `${APP}.evil` }, { origins: [/https:\/\/[a-z]+\.example/] }, 403],
    ["text before a pattern's host", { origin: "https://x/.app.example" }, { origins: ["https://*.app.example"] }, 403],
    ["an origin that a function allows", { origin: APP }, { origins: (origin: string) => origin === APP }, 200],
    [
      "an origin that a function refuses",
      { origin: `${APP}.evil` },
      { origins: (origin: string) => origin === APP },
      403,
    ],
    [
      "the origin null with credentials, although an expression matches",
      { origin: "null" },
      { origins: [/.*/], credentials: true },
      403,
    ],
    ["an origin for which a function answers a promise", { origin: APP }, { origins: asNever(async () => true) }, 403],
    [
      "an origin for which a promise rejects",
      { origin: APP },
      { origins: asNever(async () => Promise.reject(new Error("no database"))) },
      403,
    ],
    [
      "an origin for which a function throws",
      { origin: APP },
      {
        origins: () => {
          throw new Error("no database");
        },
      },
      403,
    ],
    ["any origin when all may read", { origin: APP }, { origins: "*" as const }, 200],
  ])("%s", async (_, headers, cors, status) => {
    let authenticated = 0;
    const { ask, log } = await openTestHub({
      ...(cors === undefined ? {} : { cors }),
      authenticate: () => ({ id: `ada-${++authenticated}` }),
    });
    const callsBefore = log.callCount;
    const response = await ask(`${LOBBY}&protocol=1`, { headers });
    expect(response.status).toBe(status);
    expect(response.headers["vary"]).toContain("Origin");
    if (status === 200) return;
    expect(parsePage(response).json.code).toBe("bad-origin");
    expect([authenticated, log.callCount]).toEqual([0, callsBefore]);
  });

  test("a function that answers a promise is reported, and what it rejects with ends nothing", async () => {
    const origins = asNever(async () => Promise.reject(new Error("no database")));
    const { ask, records } = await openTestHub({ cors: { origins } });
    await ask(LOBBY, { headers: { origin: APP } });
    const failures = records.filter(({ event }) => event === "hook-failed");
    expect(failures.map(({ event, detail, error }) => [event, detail, String(error)])).toEqual([
      ["hook-failed", "cors.origins", "TypeError: Expected cors.origins to answer true or false, got a promise."],
    ]);
  });

  test("the answer names only listed origins, with credentials if they are allowed", async () => {
    const { ask } = await openTestHub({ cors: { origins: [APP], credentials: true } });
    const listed = await ask(LOBBY, { headers: { origin: APP } });
    expect(listed.headers).toMatchObject({
      "access-control-allow-origin": APP,
      "access-control-allow-credentials": "true",
    });
    const same = await ask(LOBBY, { headers: { origin: "https://hub.example", host: "hub.example" } });
    expect(Object.keys(same.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    const none = await ask(LOBBY);
    expect(Object.keys(none.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  test("a page may read the error that it gets, and when to come back", async () => {
    const { ask } = await openTestHub({ cors: { origins: [APP] }, authorize: () => false });
    const { headers } = await ask(`${LOBBY}&protocol=1`, { headers: { origin: APP } });
    expect(headers).toMatchObject({
      "access-control-allow-origin": APP,
      "access-control-expose-headers": "retry-after",
    });
  });

  test("a preflight is answered without asking anybody", async () => {
    const { ask, log } = await openTestHub({ cors: { origins: [APP] }, authenticate: () => null });
    const callsBefore = log.callCount;
    const response = await ask(LOBBY, {
      method: "OPTIONS",
      headers: { origin: APP, "access-control-request-method": "POST" },
    });
    expect(response).toMatchObject({
      status: 204,
      headers: {
        "access-control-allow-origin": APP,
        "access-control-allow-methods": "GET, HEAD, POST",
        "access-control-allow-headers": "authorization, content-type, last-event-id",
      },
    });
    expect(log.callCount).toBe(callsBefore);
    expect((await ask(LOBBY, { method: "OPTIONS", headers: { origin: "https://evil.example" } })).status).toBe(403);
  });

  test("a page may send the headers that the hub allows besides its own", async () => {
    const { ask } = await openTestHub({ cors: { origins: [APP], headers: ["traceparent", "X-CSRF-Token"] } });
    const { headers } = await ask(LOBBY, { method: "OPTIONS", headers: { origin: APP } });
    expect(headers["access-control-allow-headers"]).toBe(
      "authorization, content-type, last-event-id, traceparent, x-csrf-token",
    );
  });

  test.each([
    [{ origins: "*" as const, credentials: true }],
    [{ origins: ["null"], credentials: true }],
    [{ origins: ["app.example"] }],
    [{ origins: [`${APP}/`] }],
    [{ origins: ["*"] }],
    [{ origins: [5 as never] }],
    [{ origins: APP as never }],
    [{ origin: APP } as never],
    [{ origins: [APP], credential: true } as never],
    [{ origins: [APP], credentials: "yes" as never }],
    [APP as never],
    [{ origins: ["https://app.*"] }],
    [{ origins: ["https://a.*.example"] }],
    [{ origins: ["https://*.com"] }],
    [{ origins: ["https://*.com:8443"] }],
    [{ origins: ["https://*.com."] }],
    [{ origins: [APP], headers: ["x bad"] }],
    [{ origins: [APP], headers: "x-token" as never }],
  ])("%j is a start-up error", async (cors) => {
    await expect(openTestHub({ cors })).rejects.toThrow(TypeError);
  });
});

test("an expression or a function, which may take very long, sees no text of more than 300 characters", async () => {
  const tests = vi.spyOn(RegExp.prototype, "test");
  onTestFinished(() => tests.mockRestore());
  const seen: string[] = [];
  const byExpression = await openTestHub({ cors: { origins: [/https:\/\/-+\.app\.example/] } });
  const byFunction = await openTestHub({ cors: { origins: (origin) => seen.push(origin) > 0 } });
  const ask = async (length: number): Promise<unknown> => {
    const origin = "https://.app.example".replace(".", `${"-".repeat(length - 20)}.`);
    tests.mockClear();
    const parts = { headers: { origin } };
    const answers = [byExpression, byFunction].map((hub) => hub.ask(`${LOBBY}&protocol=1`, parts));
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    return [statuses, tests.mock.calls.filter(([text]) => text === origin).length, seen.splice(0).length];
  };
  expect(await ask(300)).toEqual([[200, 200], 1, 1]);
  expect(await ask(301)).toEqual([[403, 403], 0, 0]);
});
