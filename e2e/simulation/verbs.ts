import type { Exchange } from "@tidings/testing";
import { proveDoorbell } from "./calm.ts";
import { feeds, contract, job, addressesOf, rooms, viewers, type AnyAddress } from "./contract.ts";
import { GOOD } from "./faulty-log.ts";
import { readHistory } from "./history-page.ts";
import { crash, failOver, putBack, reset, restart } from "./outages.ts";
import { giveBack, grantForAWhile, narrow, revoke } from "./permits.ts";
import { pick } from "./random.ts";
import type { World } from "./world.ts";

interface Act {
  readonly isFault: boolean;
  /** How often it happens, among the verbs that are no faults. */
  readonly weight: number;
  /** `a` chooses the target, `b` the way. */
  readonly act: (world: World, a: number, b: number) => void | Promise<void>;
}

const calm = (weight: number, act: Act["act"]): Act => ({ isFault: false, weight, act });
const fault = (act: Act["act"]): Act => ({ isFault: true, weight: 0, act });

/** Changes one of the open connections, if there is one. */
const onExchange = (what: string, act: (exchange: Exchange, b: number) => void): Act =>
  fault((world, a, b) => {
    const open = world.programs.exchanges;
    if (open.length === 0) return;
    world.counts.add(what);
    act(pick(open, a), b);
  });

const everywhere: readonly AnyAddress[] = [...rooms, ...feeds, ...viewers.map((user) => contract.inbox({ user }))];

/** Everything that can happen. */
export const verbs = {
  publish: calm(8, (world, a, b) => world.publish([world.events.reliable(pick(everywhere, a))], b)),
  value: calm(4, (world, a, b) => world.publish([world.events.latest(pick([...rooms, ...feeds], a), b)], 1)),
  volatile: calm(3, (world, a) => world.publish([world.events.volatile(pick(rooms, a))], 1)),
  batch: calm(2, (world, a, b) =>
    world.publish(
      Array.from({ length: 2 + Math.floor(b * 6) }, (_, at) =>
        world.events.reliable(pick(everywhere, (a + at * b) % 1)),
      ),
      1,
    ),
  ),
  flood: calm(1, (world, a) =>
    world.publish(
      Array.from({ length: 10 }, () => world.events.reliable(pick(everywhere, a))),
      1,
    ),
  ),
  large: calm(1, (world, a, b) =>
    world.publish([world.events.reliable(pick(everywhere, a), "x".repeat(b * 12_000))], 1),
  ),
  transact: calm(6, (world, a, b) =>
    world.transact(
      Array.from({ length: 1 + Math.floor(a * 3) }, (_, at) =>
        world.events.reliable(pick(everywhere, (a + at * b) % 1)),
      ),
      b,
    ),
  ),
  clear: calm(1, (world, a, b) => world.clear(pick([...rooms, ...feeds], a), b)),
  follow: calm(3, (world, a, b) => {
    const client = pick(world.clients, a);
    world.follow(client, pick(addressesOf(client.viewer), b), (a * 97) % 1 < 0.3);
  }),
  history: calm(2, (world, a, b) => {
    const client = pick(world.clients, a);
    void readHistory(world, client, pick(addressesOf(client.viewer), b), 1 + Math.floor(((a * 97) % 1) * 8));
  }),
  reload: calm(1, (world, a) => world.plain?.reload(a < 0.5)),
  leave: calm(1, (world, a) => {
    const open = world.followers.filter(({ isClosed }) => !isClosed);
    if (open.length > 2) pick(open, a).leave();
  }),
  read: calm(5, (world, a) => {
    const loops = world.followers.filter(({ isLoop, isClosed }) => isLoop && !isClosed);
    if (loops.length > 0) pick(loops, a).read();
  }),
  release: calm(3, (world, a) => {
    const open = world.programs.exchanges;
    if (open.length > 0) pick(open, a).release();
  }),
  // Only in a scenario: in other schedules it would delay the faults.
  proveDoorbell: calm(0, proveDoorbell),
  // Only in scenarios: what has ended stays so.
  step: calm(0, (world, a) => world.publish([world.events.reliable(job)], a)),
  followJob: calm(0, (world, a, b) => world.follow(pick(world.clients, a), job, b < 0.3)),
  end: calm(0, (world) => world.end()),
  wait: calm(2, (world, a) => world.clock.advance(200 + a * 5_000)),

  hold: onExchange("connection held", (exchange) => exchange.hold()),
  trickle: onExchange("frame in parts", (exchange, b) => exchange.release(1 + Math.floor(b * 300))),
  cut: onExchange("connection cut", (exchange, b) => exchange.cut(Math.floor(b * b * 400))),
  halfOpen: onExchange("half-open connection", (exchange) => exchange.swallow()),
  // Also in the middle of those that are open.
  keepStreams: fault((world) => {
    world.counts.add("streams kept by a proxy");
    world.weather.areStreamsKept = true;
    for (const exchange of world.programs.exchanges) if (exchange.isStream) exchange.hold();
  }),
  repeat: fault((world, a, b) => world.repeat(a, b)),
  away: fault((world, a, b) => world.setOnline(pick(world.clients, a), b < 0.5)),
  reads: fault((world, a) => {
    world.hasBadReads = true;
    world.weather.reads = pick(["slow", "stale", "failing"], a);
  }),
  // Only pages are read from the copy, before or after the client knows of a loss.
  lag: fault((world) => void (world.weather.copyHead = world.truth.newest?.position ?? null)),
  appends: fault((world, a) => void (world.weather.appends = pick(["slow", "refused", "unheard"], a))),
  doorbell: fault((world, a) => void (world.weather.doorbell = pick(["lost", "late", "spurious"], a))),
  states: fault((world, a) => {
    world.hasSlowStates = true;
    world.weather.states = pick(["late", "old"], a);
  }),
  // Less than the two seconds of a hub.
  lateRows: fault((world, a) => world.delayRows(a * 1_900)),
  rights: fault((world, a) => {
    world.hasSlowRights = true;
    world.weather.rights = pick(["late", "old"], a);
  }),
  clearing: calm(2, (world) => void Object.assign(world.weather, GOOD)),
  longWait: fault((world, a) => world.clock.advance(a * 25_000)),
  restart: fault((world, a) => restart(world, a)),
  crash: fault((world, a, b) => crash(world, a, b)),
  failover: fault((world, a, b) => {
    const lost = Math.floor(a * 6);
    if (b >= 0.3) return failOver(world, lost);
    // Late answers bring older positions, and many of their entries are gone.
    world.hasBadReads = true;
    world.ambush = { what: pick(["current", "head", "read"], b / 0.3), lost: 8 * lost };
    world.counts.add("failover behind an answer");
  }),
  // Between two reads of one request.
  split: fault((world, a) => void (world.ambush = { what: "more values", lost: 1 + Math.floor(a * 12) })),
  // No hub notices the failover, and a reader begins anew.
  unheard: fault(async (world, a, b) => {
    world.counts.add("failover unheard");
    world.weather.doorbell = "lost";
    await failOver(world, 1 + Math.floor(a * 8));
    if (b < 0.7) await world.burst();
    world.plain?.reload(b < 0.6);
  }),
  reset: fault((world, a) => (a > 0.4 ? undefined : reset(world))),
  copy: calm(2, (world) => world.store.copies?.make()),
  putBack: fault((world, a) => putBack(world, a)),
  jump: fault((world, a, b) => world.jump((a - 0.5) * (b < 0.5 ? 10_000 : 7_200_000))),
  revoke: fault((world, a, b) => revoke(world, pick(viewers, a), b)),
  narrow: fault((world, a, b) => narrow(world, pick(viewers, a), b)),
  grantForAWhile: fault((world, a, b) => grantForAWhile(world, pick(viewers, a), b, 8_000 * ((a * 97) % 1))),
  grant: calm(1, (world, a, b) => giveBack(world, a, b)),
  disconnect: fault((world, a) => world.disconnect(pick(viewers, a))),
  expire: fault((world, a, b) => world.expire(pick(viewers, a), b * 6_000)),
} satisfies Record<string, Act>;

export type Verb = keyof typeof verbs;
