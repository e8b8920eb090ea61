import { expect, test } from "vitest";
import type { OpenWriter } from "./open-writer.ts";
import { OwnLease } from "./own-lease.ts";

/** `heard` is the reasons that the writer has got. */
function open() {
  const own = new OwnLease({ path: "jobs/a", writer: "w", renewals: 0, ttl: 10_000, aborted: null });
  const heard: (string | null | undefined)[] = [];
  const writer: Pick<OpenWriter, "stop"> = { stop: (_position, { reason }) => heard.push(reason) };
  return {
    own,
    heard,
    // Safe: an own lease only tells its writer to stop.
    begin: () => own.begin(writer as OpenWriter),
    stop: (reason: string) => ({ request: { path: "jobs/a", reason }, position: { epoch: "e", seq: 1 } }),
  };
}

test("a request to stop from before the lease stands in the log is for another writer", () => {
  const { own, heard, begin, stop } = open();
  begin();
  own.hear(stop("too early"));
  own.see(null);
  own.hear(stop("now"));
  expect(heard).toEqual(["now"]);
});

test("requests to stop wait for the writer, and reach it once", () => {
  const { own, heard, begin, stop } = open();
  own.see(stop("stood there before"));
  own.see(stop("the lease is renewed"));
  own.hear(stop("later"));
  expect(heard).toEqual([]);
  begin();
  own.hear(stop("last"));
  expect(heard).toEqual(["stood there before", "later", "last"]);
});
