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

test("the oldest of 100,000 costs about the same as the oldest of ten", () => {
  let next = 0;
  const orderOf = (size: number): ArrivalOrder<number> => {
    const order = new ArrivalOrder<number>();
    for (let index = 0; index < size; index++) order.add(next++);
    return order;
  };
  const cost = (order: ArrivalOrder<number>): number => {
    const begin = performance.now();
    for (let index = 0; index < 5_000; index++) {
      order.delete(order.oldest ?? 0);
      order.add(next++);
    }
    return performance.now() - begin;
  };
  const [few, many] = [orderOf(10), orderOf(100_000)];
  // In turn, so that a busy machine delays both.
  let [ofFew, ofMany] = [0, 0];
  for (let round = 0; round < 20; round++) {
    ofFew += cost(few);
    ofMany += cost(many);
  }
  expect(ofMany / ofFew).toBeLessThan(20);
});
