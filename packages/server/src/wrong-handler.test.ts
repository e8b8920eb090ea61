import { afterEach, describe, expect, test } from "vitest";
import { closeAll, openHub, serve } from "../test/web-server.ts";
import { toFetchHandler } from "./fetch.ts";
import { toNodeHandler } from "./node.ts";

afterEach(closeAll);

// The types refuse most of these. Express takes every function that might be a handler of errors.
describe("a handler of the other kind", () => {
  const NO_REQUEST = "Expected a Request, got an object without headers.get; for requests of Node, use toNodeHandler.";

  test("for a Request says which one to use for requests of Node", async () => {
    const handle = toFetchHandler(openHub());
    await expect(handle({ headers: {} } as never)).rejects.toThrow(new TypeError(NO_REQUEST));
  });

  test("for a Request answers so to a server of Node, which ignores its promise, and ends no process", async () => {
    // Vitest reports a rejection that nobody handles.
    const { url } = await serve(() => toFetchHandler(openHub()) as never);
    for (const method of ["GET", "POST"]) {
      const answer = await fetch(url, { method });
      expect([answer.status, await answer.text()]).toEqual([500, NO_REQUEST]);
    }
  });

  test.each([
    ["a Request", [new Request("https://hub.example/events")]],
    ["a context and what calls the next handler", [{ req: {} }, () => {}]],
    ["what a framework has wrapped", [{ raw: {} }, { raw: {} }]],
  ])("for requests of Node says what it needs: %s", (_, given) => {
    const handle = toNodeHandler(openHub()) as (...given: readonly unknown[]) => unknown;
    expect(() => handle(...given)).toThrow(
      new TypeError(
        "Expected the request and the response of Node, got others; for a Request, use toFetchHandler. " +
          "Fastify has them as request.raw and reply.raw, Koa as context.req and context.res.",
      ),
    );
  });
});
