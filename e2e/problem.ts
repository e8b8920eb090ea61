import { expect } from "vitest";

/** Expects a problem of this status that says in a sentence what was wrong. Returns the sentence. */
export async function expectProblem(response: Response, status: number): Promise<string> {
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  // Safe: the next line compares all of it.
  const problem = (await response.json()) as { detail: string };
  expect(problem).toEqual({
    type: "about:blank",
    title: expect.any(String) as unknown,
    status,
    detail: expect.stringMatching(/^\w.*\.$/s) as unknown,
  });
  expect(response.status).toBe(status);
  return problem.detail;
}
