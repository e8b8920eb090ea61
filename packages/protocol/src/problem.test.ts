import { expect, test } from "vitest";
import { createProblem } from "./problem.ts";

test("a problem has its status in words, and names channels only if they caused it", () => {
  expect(createProblem(403, "forbidden", { channels: ["rooms/secret"] })).toEqual({
    type: "about:blank",
    title: "Forbidden",
    status: 403,
    code: "forbidden",
    channels: ["rooms/secret"],
  });
  expect(createProblem(503, "draining")).toEqual({
    type: "about:blank",
    title: "Service Unavailable",
    status: 503,
    code: "draining",
  });
});

test.each([400, 401, 403, 404, 405, 406, 413, 414, 429, 431, 500, 503])(
  "status %i of the protocol has a title",
  (status) => {
    expect(createProblem(status, "internal").title).not.toBe("Error");
  },
);
