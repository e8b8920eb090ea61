import assert from "node:assert/strict";
import { lawsOf, type Law } from "./law.ts";

const TEA = "channel=rooms/tea&protocol=1";
const ONCE = "It stands for that viewer **once, within 30 seconds**.";

export const ticketLaws: readonly Law[] = [
  ...lawsOf("4.1", ["ticket", "viewers", "expire"], {
    async [`${ONCE} — for that viewer`](guest) {
      const stream = await guest.stream(`${TEA}&ticket=${await guest.server.ticket("ada")}`);
      // Only hers ends.
      await guest.server.expire("ada");
      await stream.rest();
    },
  }),
  ...lawsOf("4.1", ["ticket"], {
    async [`${ONCE} — once`](guest) {
      const ticket = await guest.server.ticket("ada");
      await guest.stream(`${TEA}&ticket=${ticket}`);
      assert.equal((await guest.ask(`${TEA}&ticket=${ticket}`)).status, 401);
    },
    async "A request with any other ticket is a request without credentials: 401."(guest) {
      for (const ticket of ["nonsense", "ada", `${await guest.server.ticket("ada")}0`]) {
        const answer = await guest.ask(`${TEA}&ticket=${ticket}`);
        assert.equal(answer.status, 401, ticket);
        assert.match(await answer.text(), /"code":"unauthenticated"/);
      }
    },
  }),
  ...lawsOf("4.1", ["ticket", "pass"], {
    async [`${ONCE} — within 30 seconds`](guest) {
      const [old, older] = [await guest.server.ticket("ada"), await guest.server.ticket("ada")];
      await guest.server.pass(20_000);
      await guest.stream(`${TEA}&ticket=${old}`);
      await guest.server.pass(11_000);
      assert.equal((await guest.ask(`${TEA}&ticket=${older}`)).status, 401);
    },
  }),
];
