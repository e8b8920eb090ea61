import type { SettledQueue } from "./settled-queue.ts";

/** The queue of the kit that a loop belongs to. */
const queues = new WeakMap<object, SettledQueue>();

/** Notes which kit a loop belongs to. */
export function registerLoop(events: object, queue: SettledQueue): void {
  queues.set(events, queue);
}

/**
 * Takes the next events of a loop. Lets up to two minutes of the kit's time pass until they have come.
 *
 * @throws TypeError if the loop belongs neither to a kit's client nor to its hub
 * @throws Error if the loop ends first, or if nothing comes in time
 */
export async function take<Event>(events: AsyncIterator<Event, unknown>, count: number): Promise<Event[]> {
  const queue = queues.get(events);
  if (queue === undefined) {
    throw new TypeError(
      "Expected the events of a test kit, got another iterator; use kit.client.events() or kit.hub.events().",
    );
  }
  const taken: Event[] = [];
  while (taken.length < count) {
    const { done, value } = await nextInTime(events, queue, `${count} events, got ${taken.length}`);
    if (done === true) throw new Error(`Expected ${count} events, got ${taken.length} and the end: ${String(value)}.`);
    taken.push(value);
  }
  return taken;
}

async function nextInTime<Event>(
  events: AsyncIterator<Event, unknown>,
  queue: SettledQueue,
  progress: string,
): Promise<IteratorResult<Event, unknown>> {
  let hasCome = false;
  const next = events.next().then((result) => {
    hasCome = true;
    return result;
  });
  // An error of the loop is thrown by the `await` at the end. Until then it must not count as unhandled.
  next.catch(() => {});
  const isInTime = await Promise.race([queue.waitUntil(() => hasCome), next.then(() => true)]);
  if (!isInTime) throw new Error(`Expected ${progress} and nothing more within two minutes.`);
  return next;
}
