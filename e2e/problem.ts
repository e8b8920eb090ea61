import { expect } from "vitest";

/** Expects a problem of this status that says in a sentence what was wrong. */
export async function expectProblem(response: Response, status: number): Promise<void> {
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  const problem: unknown = await response.json();
  expect(problem).toEqual({
    type: "about:blank",
    title: expect.any(String) as unknown,
    status,
    detail: expect.stringMatching(/^\w.*\.$/s) as unknown,
  });
  expect(response.status).toBe(status);
}
