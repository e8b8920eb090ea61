import { expect, test } from "vitest";
import { openTestHub, request } from "../test/test-hub.ts";
import { VirtualClock } from "../../testing/src/virtual-clock.ts";
import { createTickets, type TicketOptions } from "./tickets.ts";

const LOBBY = "channel=rooms/lobby";
const ada = { id: "ada" };

async function openTicketHub(options: TicketOptions = {}) {
  const clock = new VirtualClock();
  const tickets = createTickets({ clock, ...options });
  const testHub = await openTestHub({ authenticate: (hubRequest) => tickets.redeem(hubRequest), debug: true });
  const statusOf = async (ticket: string) => (await testHub.ask(`${LOBBY}&ticket=${ticket}`)).status;
  return { ...testHub, clock, hubClock: testHub.clock, tickets, statusOf };
}

test("a ticket opens one stream, of its viewer", async () => {
  const { connect, tickets, hub, statusOf, records } = await openTicketHub();
  const ticket = tickets.issue(ada);
  expect(ticket).toMatch(/^[0-9a-f]{32}$/);
  await connect(`${LOBBY}&ticket=${ticket}`);
  expect(hub.stats().connections).toBe(1);
  expect(records).toContainEqual(expect.objectContaining({ event: "connect", viewer: "ada" }));
  expect(await statusOf(ticket)).toBe(401);
});

test("a ticket is valid for less than 30 seconds", async () => {
  const { clock, tickets, statusOf } = await openTicketHub();
  const [early, late] = [tickets.issue(ada), tickets.issue(ada)];
  await clock.advance(29_999);
  expect(await statusOf(early)).toBe(200);
  await clock.advance(1);
  expect(await statusOf(late)).toBe(401);
});

test.each([20_000, -20_000, 3_600_000])("a clock that is set by %d ms changes no ticket's 30 seconds", async (jump) => {
  const clock = new VirtualClock();
  const tickets = createTickets({ clock });
  const [early, late] = [tickets.issue(ada), tickets.issue(ada)];
  clock.jump(jump);
  await clock.advance(29_999);
  expect(tickets.redeem(request(`ticket=${early}`))).toEqual(ada);
  await clock.advance(1);
  expect(tickets.redeem(request(`ticket=${late}`))).toBeNull();
});

test.each(["", "ticket=", "ticket=00000000000000000000000000000000", "ticket=__proto__"])(
  "a request with %j has no viewer",
  (query) => {
    expect(createTickets().redeem(request(query))).toBeNull();
  },
);

test("of more tickets than the limit, the oldest are void", () => {
  const tickets = createTickets({ limit: 2 });
  const issued = ["ada", "bob", "eve"].map((id) => tickets.issue({ id }));
  const viewers = issued.map((ticket) => tickets.redeem(request(`ticket=${ticket}`)));
  expect(viewers).toEqual([null, { id: "bob" }, { id: "eve" }]);
  expect(() => createTickets({ limit: Number.NaN })).toThrow(TypeError);
  expect(() => createTickets({ limits: 5 } as never)).toThrow('got "limits"');
});

test.each([[undefined], [null], ["/?ticket=0"], [{}], [{ url: 5 }]])(
  "redeem refuses %j in a clear sentence",
  (given) => {
    expect(() => createTickets().redeem(given as never)).toThrow(
      /^Expected redeem to get the request that authenticate gets, got /,
    );
  },
);

test("a page that waits while rights change is still the request that brought the ticket", async () => {
  const { page, hub, hubClock, tickets } = await openTicketHub();
  const answer = page(`${LOBBY}&wait=20&ticket=${tickets.issue(ada)}`);
  await hubClock.settle();
  await hub.recheck({ viewer: "ada" });
  await hubClock.advance(20_000);
  expect((await answer).status).toBe(200);
});

test("no record of the hub and no answer has a ticket in it", async () => {
  const { ask, connect, tickets, statusOf, records } = await openTicketHub();
  const ticket = tickets.issue(ada);
  await connect(`${LOBBY}&channel=nowhere&ticket=${ticket}`);
  expect(await statusOf(ticket)).toBe(401);
  const answers = [await ask(`${LOBBY}&ticket=${ticket}`), await ask(`channel=rooms/%2e&ticket=${ticket}`)];
  expect(records.length).toBeGreaterThan(1);
  expect(JSON.stringify([records, answers])).not.toContain(ticket);
});
