import { describe, expect, test } from "vitest";
import { openTestHub, parsePage } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby";

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

  test.each([
    [{ origins: "*" as const, credentials: true }],
    [{ origins: ["app.example"] }],
    [{ origins: [`${APP}/`] }],
    [{ origins: ["*"] }],
    [{ origins: ["https://*.example.com"] }],
    [{ origins: [5 as never] }],
    [{ origins: APP as never }],
    [{ origin: APP } as never],
    [{ origins: [APP], credential: true } as never],
    [{ origins: [APP], credentials: "yes" as never }],
    [APP as never],
  ])("%j is a start-up error", async (cors) => {
    await expect(openTestHub({ cors })).rejects.toThrow(TypeError);
  });
});
