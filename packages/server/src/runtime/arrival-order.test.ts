import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { ArrivalOrder } from "./arrival-order.ts";

test("the oldest is the member that came first, whoever has left or come again", () => {
  const order = new ArrivalOrder<number>();
  const expected = new Set<number>();
  let state = 1;
  // A generator of numbers that look random, the same ones each time.
  const draw = (most: number): number => (state = (state * 48_271) % 2_147_483_647) % most;
  for (let step = 0; step < 5_000; step++) {
    const member = draw(40);
    if (draw(2) === 0) {
      order.add(member);
      expected.add(member);
    } else {
      expect(order.delete(member)).toBe(expected.delete(member));
    }
    expect([order.oldest, order.size]).toEqual([[...expected][0], expected.size]);
  }
});

/** How many steps the collections of the language take in `run`: one for each call, and all members for a walk. */
function countSteps(run: () => void): number {
  let steps = 0;
  const undo: (() => void)[] = [];
  for (const prototype of [Map.prototype, Set.prototype]) {
    for (const name of ["get", "set", "has", "add", "delete", "keys", "values", "entries", Symbol.iterator]) {
      const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
      const method: unknown = descriptor?.value;
      if (descriptor === undefined || typeof method !== "function") continue;
      const isWalk = typeof name === "symbol" || ["keys", "values", "entries"].includes(name);
      Object.defineProperty(prototype, name, {
        ...descriptor,
        value(this: { readonly size: number }, ...given: unknown[]): unknown {
          steps += isWalk ? this.size : 1;
          return Reflect.apply(method, this, given);
        },
      });
      undo.push(() => Object.defineProperty(prototype, name, descriptor));
    }
  }
  try {
    run();
  } finally {
    for (const each of undo) each();
  }
  return steps;
}

test.each([10, 100_000])("a change of the oldest of %d takes a few steps", (size) => {
  const order = new ArrivalOrder<number>();
  for (let index = 0; index < size; index++) order.add(index);
  const changes = 150_000;
  const steps = countSteps(() => {
    for (let index = 0; index < changes; index++) {
      order.delete(order.oldest ?? 0);
      order.add(size + index);
    }
  });
  expect(steps / changes).toBeGreaterThan(1);
  expect(steps / changes).toBeLessThan(20);
});

test("when the last member has left, nothing of those before is kept", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const order = new ArrivalOrder<object>();
  const left = Array.from({ length: 10 }, () => {
    const member = {};
    order.add(member);
    order.delete(member);
    return new WeakRef(member);
  });
  // A weak reference holds what it names until the end of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect([order.size, left.filter((each) => each.deref() !== undefined)]).toEqual([0, []]);
});
