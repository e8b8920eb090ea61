import type * as findEndsModule from "../../../packages/server/src/position/find-ends.ts";
import type { HeldLease } from "../../../packages/server/src/lease/held-lease.ts";
import type { LeaseError } from "../../../packages/server/src/lease/lease-error.ts";
import type * as openWriterModule from "../../../packages/server/src/lease/open-writer.ts";
import { replace } from "../../mutation/mutation.ts";
import { inOpenWriter, patch, writersWith, type Mutant } from "./mutant.ts";

type WriterNeeds = ConstructorParameters<typeof openWriterModule.OpenWriter>;

/** A writer whose time between two renewals is so many times as long. */
const renewing = (times: number) =>
  inOpenWriter(
    (OpenWriter) =>
      class extends OpenWriter {
        constructor(...[lease, held, needs]: WriterNeeds) {
          const setTimeout: typeof needs.clock.setTimeout = (task, milliseconds, ...rest) =>
            needs.clock.setTimeout(task, times * milliseconds, ...rest);
          super(lease, held, { ...needs, clock: { setTimeout } });
        }
      },
  );

/** A writer that keeps to itself why it has to come to an end. */
const silentAbout = (code: LeaseError["code"]) =>
  inOpenWriter(
    (OpenWriter) =>
      class extends OpenWriter {
        override abort(error: LeaseError): void {
          if (error.code !== code) super.abort(error);
        }
      },
  );

/** The life of a writer, from the taking of its lease to its end. */
export const writers: readonly Mutant[] = [
  {
    breaks: "a silent writer does not renew its lease",
    by: "who has a lease",
    mutation: renewing(3_000),
  },
  {
    breaks: "a lease is renewed only when it is over",
    by: "who has a lease",
    mutation: renewing(3.75),
  },
  {
    breaks: "a writer that has lost its lease does not say so",
    by: "a process that comes back",
    mutation: silentAbout("lost"),
  },
  {
    breaks: "a writer renews its lease for ever after somebody else has ended its address",
    by: "an address that ends",
    mutation: inOpenWriter(
      (OpenWriter) =>
        class extends OpenWriter {
          override leave(error: LeaseError): void {
            this.abort(error);
          }
        },
    ),
  },
  {
    breaks: "such a writer tries only once to give its lease up",
    by: "an address that ends",
    mutation: inOpenWriter(
      (OpenWriter) =>
        class extends OpenWriter {
          readonly #lease: HeldLease;
          #hasTried = false;
          constructor(...given: WriterNeeds) {
            super(...given);
            this.#lease = given[1];
          }
          override leave(error: LeaseError): void {
            super.leave(error);
            this.#hasTried = true;
          }
          override async release(): Promise<void> {
            await (this.#hasTried && !this.isOver ? this.#lease.renew([]) : super.release());
          }
        },
    ),
  },
  {
    breaks: "a hub that closes does not tell its writers",
    by: "a hub that closes",
    mutation: silentAbout("closing"),
  },
  {
    breaks: "a hub that closes does not wait for its writers",
    by: "a hub that closes",
    mutation: writersWith(() => ({ closingTime: 0 })),
  },
  {
    breaks: "a hub that closes leaves the leases of its writers",
    by: "a hub that closes",
    mutation: inOpenWriter(
      (OpenWriter) =>
        class extends OpenWriter {
          override async abandon(): Promise<void> {}
        },
    ),
  },
  {
    breaks: "an address that has ended can be leased",
    by: "who has a lease",
    mutation: replace<typeof findEndsModule>("packages/server/src/position/find-ends.ts", {
      findEnds: () => async () => [],
    }),
  },
  {
    breaks: "an address that ends while its lease is taken is leased",
    by: "an address that ends",
    mutation: patch("writers", "await leaveEnded(writer);", "void 0;"),
  },
  {
    breaks: "a writer is open again before its end has failed",
    by: "a log that fails",
    mutation: patch(
      "open-writer",
      "      this.#close(error);\n    }",
      "      this.#close(error);\n    } else this.#openAgain();",
    ),
  },
];
