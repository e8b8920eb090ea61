import type * as followedModule from "../../../packages/server/src/presence/followed-values.ts";
import type * as serverLeaseModule from "../../../packages/server/src/presence/server-lease.ts";
import type * as renewalsModule from "../../../packages/server/src/presence/renewals.ts";
import { replace } from "../../mutation/mutation.ts";
import type { Mutant } from "./mutant.ts";

const FOLDER = "packages/server/src/presence";

function inServerLease(
  change: (original: typeof serverLeaseModule.ServerLease) => typeof serverLeaseModule.ServerLease,
) {
  return replace<typeof serverLeaseModule>(`${FOLDER}/server-lease.ts`, { ServerLease: change });
}

function inRenewals(change: (original: typeof renewalsModule.Renewals) => typeof renewalsModule.Renewals) {
  return replace<typeof renewalsModule>(`${FOLDER}/renewals.ts`, { Renewals: change });
}

/** A server does not hear of one kind of items. */
function deafFor(kind: "clear" | "gap") {
  return replace<typeof followedModule>(`${FOLDER}/followed-values.ts`, {
    FollowedValues: (FollowedValues) =>
      class extends FollowedValues {
        constructor(needs: ConstructorParameters<typeof followedModule.FollowedValues>[0]) {
          async function* events(...given: Parameters<typeof needs.hub.events>) {
            for await (const item of needs.hub.events(...given)) if (item.kind !== kind) yield item;
          }
          super({ ...needs, hub: { events } });
        }
      },
  });
}

/** What a server says of itself, and what it hears of others. */
export const leases: readonly Mutant[] = [
  {
    breaks: "a lease is renewed only when it is over",
    by: "who is there",
    mutation: inRenewals(
      (Renewals) =>
        class extends Renewals {
          constructor(needs: ConstructorParameters<typeof renewalsModule.Renewals>[0]) {
            const setTimeout: typeof needs.clock.setTimeout = (task, milliseconds, ...rest) =>
              needs.clock.setTimeout(task, milliseconds * 2.6, ...rest);
            super({ ...needs, clock: { setTimeout } });
          }
        },
    ),
  },
  {
    breaks: "a lease that was lost is renewed",
    by: "a server that was only slow",
    mutation: inServerLease(
      (ServerLease) =>
        class extends ServerLease {
          constructor(needs: ConstructorParameters<typeof serverLeaseModule.ServerLease>[0]) {
            const { hub } = needs;
            const publish: typeof hub.publish = (address, type, data) => hub.publish(address, type, data);
            super({ ...needs, hub: { publish, clear: (...given) => hub.clear(...given) } });
          }
        },
    ),
  },
  {
    breaks: "a renewal without an answer counts as lost",
    by: "a server that was only slow",
    mutation: inServerLease(
      (ServerLease) =>
        class extends ServerLease {
          override async renew(): Promise<serverLeaseModule.Renewal> {
            const renewal = await super.renew();
            return renewal === "failed" ? "lost" : renewal;
          }
        },
    ),
  },
  {
    breaks: "a server under another id does not publish its people again",
    by: "a server that was only slow",
    mutation: inRenewals(
      (Renewals) =>
        class extends Renewals {
          constructor(needs: ConstructorParameters<typeof renewalsModule.Renewals>[0]) {
            super({ ...needs, publishAll: () => {} });
          }
        },
    ),
  },
  {
    breaks: "a failed renewal is the last one",
    by: "a server that was only slow",
    mutation: inRenewals(
      (Renewals) =>
        class extends Renewals {
          constructor(needs: ConstructorParameters<typeof renewalsModule.Renewals>[0]) {
            const setTimeout: typeof needs.clock.setTimeout = (task, milliseconds, ...rest) =>
              milliseconds === 1_000 ? () => {} : needs.clock.setTimeout(task, milliseconds, ...rest);
            super({ ...needs, clock: { setTimeout } });
          }
        },
    ),
  },
  {
    breaks: "a lease is renewed although nobody is there",
    by: "bounds",
    mutation: inRenewals(
      (Renewals) =>
        class extends Renewals {
          constructor(needs: ConstructorParameters<typeof renewalsModule.Renewals>[0]) {
            super({ ...needs, keepPlaces: () => needs.keepPlaces() || true });
          }
        },
    ),
  },
  {
    breaks: "a server that has nobody left keeps its lease",
    by: "the state of a person",
    mutation: inServerLease(
      (ServerLease) =>
        class extends ServerLease {
          override async end(): Promise<void> {}
        },
    ),
  },
  {
    breaks: "a server that ends does not renew its lease",
    by: "a deployment",
    mutation: inRenewals(
      (Renewals) =>
        class extends Renewals {
          override async renewLast(): Promise<void> {
            this.stop();
          }
        },
    ),
  },
  {
    breaks: "a server that ends withdraws its lease",
    by: "a deployment",
    mutation: inRenewals(
      (Renewals) =>
        class extends Renewals {
          override async renewLast(): Promise<void> {
            this.stop();
            await this.lease.end();
          }
        },
    ),
  },
  {
    breaks: "what other servers say of a viewer is not known",
    by: "the state of a person",
    mutation: inServerLease(
      (ServerLease) =>
        class extends ServerLease {
          override otherServers(): string[] {
            return [];
          }
        },
    ),
  },
  {
    breaks: "a server does not hear of withdrawals",
    by: "the state of a person",
    mutation: deafFor("clear"),
  },
  {
    breaks: "a server keeps what was withdrawn in a gap of its loop",
    by: "a gap",
    mutation: deafFor("gap"),
  },
];
