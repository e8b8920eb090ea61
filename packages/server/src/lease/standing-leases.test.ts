import type { Entry } from "@tidings/log";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../testing/src/virtual-clock.ts";
import { leaseEntry } from "./lease-entry.ts";
import { StandingLeases } from "./standing-leases.ts";

const TTL = 10_000;

/** `entry` is the lease of a writer, as the log has it. Without a writer, the lease is withdrawn. */
function open() {
  const clock = new VirtualClock();
  const entry = (seq: number, writer: string | null): Entry => {
    const lease = { path: "jobs/a", writer: writer ?? "", renewals: 0, ttl: TTL, aborted: null };
    const { expects: _expects, ...taken } = leaseEntry(lease, null);
    return { ...taken, data: writer === null ? null : taken.data, epoch: "e", seq, at: 0 };
  };
  return { clock, leases: new StandingLeases(clock), entry };
}

test("a lease is told once for each writer", () => {
  const { leases, entry } = open();
  const told = [entry(1, "one"), entry(2, "one"), entry(3, "two")].map((each) => leases.take(each)?.writer);
  expect(told).toEqual(["one", undefined, "two"]);
});

test("what is older than what stands there changes nothing", () => {
  const { leases, entry } = open();
  leases.take(entry(5, "one"));
  expect([leases.take(entry(4, "two")), leases.take(entry(5, null)), leases.size]).toEqual([null, null, 1]);
  leases.take(entry(6, null));
  expect([leases.size, leases.has("jobs/a")]).toEqual([0, false]);
});

test("a lease is silent when it was not renewed for its time, and is not forgotten if it is renewed then", async () => {
  const { clock, leases, entry } = open();
  leases.take(entry(1, "one"));
  await clock.advance(TTL - 1);
  expect(leases.silent()).toEqual([]);
  await clock.advance(1);
  const [silent] = leases.silent();
  expect(silent?.lease.writer).toBe("one");
  leases.take(entry(2, "one"));
  if (silent !== undefined) leases.forget(silent);
  expect([leases.size, leases.silent()]).toEqual([1, []]);
  await clock.advance(TTL);
  for (const each of leases.silent()) leases.forget(each);
  expect(leases.size).toBe(0);
});
