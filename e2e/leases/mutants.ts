import type { Mutation, Patch } from "../mutation/mutation.ts";

const FOLDER = "packages/server/src/lease";

const patch = (file: string, from: string, to: string): Patch => ({ file: `${FOLDER}/${file}.ts`, from, to });

/** Hubs that break a rule of docs/decisions/leases.md. */
export const mutants: readonly { readonly breaks: string; readonly mutation: Mutation }[] = [
  {
    breaks: "whoever wants a lease gets it",
    mutation: patch("held-lease", "leaseEntry(lease, null)", "{ ...leaseEntry(lease, null), expects: undefined }"),
  },
  {
    breaks: "a batch does not expect the lease to be the writer's: there is no fence",
    mutation: patch(
      "held-lease",
      "[leaseEntry({ ...this.#lease, turn }, this.#position), ...events]",
      "[{ ...leaseEntry({ ...this.#lease, turn }, this.#position), expects: undefined }, ...events]",
    ),
  },
  {
    breaks: "the last batch does not expect it",
    mutation: patch(
      "held-lease",
      "leaseWithdrawals(path, this.#position)",
      "leaseWithdrawals(path, undefined as never)",
    ),
  },
  {
    breaks: "events are appended without the renewal",
    mutation: patch(
      "held-lease",
      "const batch = [leaseEntry({ ...this.#lease, turn }, this.#position), ...events];",
      "const batch = events.length > 0 ? [...leaseWithdrawals('x', null as never), ...events] : " +
        "[leaseEntry({ ...this.#lease, turn }, this.#position)];",
    ),
  },
  {
    breaks: "a silent writer does not hear that somebody else has ended its address",
    mutation: patch("lease-watch", "if (standing.has(channel)) writers", "if (standing.has(type)) writers"),
  },
  {
    breaks: "a silent writer does not renew its lease",
    mutation: patch("open-writer", "this.lease.ttl / RENEWALS", "this.lease.ttl * 1_000"),
  },
  {
    breaks: "a lease is renewed only when it is over",
    mutation: patch("open-writer", "const RENEWALS = 3", "const RENEWALS = 0.8"),
  },
  {
    breaks: "whoever notices does not expect the lease that was silent",
    mutation: patch(
      "lease-watch",
      "leaseWithdrawals(lease.path, position)",
      "leaseWithdrawals(lease.path, undefined as never)",
    ),
  },
  {
    breaks: "nobody notices that a writer has died",
    mutation: patch("lease-watch", "    await Promise.all(silent", "    await Promise.all(silent.slice(0, 0)"),
  },
  {
    breaks: "it is noticed too late",
    mutation: patch("lease-watch", "const CHECK_INTERVAL = 250", "const CHECK_INTERVAL = 3_000"),
  },
  {
    breaks: "a lease is withdrawn, and the address does not end",
    mutation: patch("lease-watch", "append([...withdrawals, ...abortedEnd(lease)])", "append(withdrawals)"),
  },
  {
    breaks: "a hub that starts does not read the leases",
    mutation: patch("lease-watch", "mustRead = true;\n      void read().then(plan);", ""),
  },
  {
    breaks: "a read of the leases may take for ever",
    mutation: patch("lease-watch", "withTimeLimit(clock, READ_TIME,", "withTimeLimit(clock, 2 ** 30,"),
  },
  {
    breaks: "a failure to end an address is not tried again",
    mutation: patch(
      "lease-watch",
      'if (!closing.aborted) trace.add("error", "lease", { channel: lease.path, error });\n        return;',
      "standing.delete(lease.path);\n        return;",
    ),
  },
  {
    breaks: "an address that has ended keeps its lease for ever",
    mutation: patch("lease-watch", "return append(withdrawals);", "return undefined;"),
  },
  {
    breaks: "a hub ends its own writers when it has been stopped for too long",
    mutation: patch("lease-watch", "&& !writers.has(each.lease.writer)", ""),
  },
  {
    breaks: "a writer renews its lease for ever after somebody else has ended its address",
    mutation: patch("open-writer", "    this.#isEnded = true;\n    this.#refusal = error;\n    this.#leave();\n", ""),
  },
  {
    breaks: "such a writer tries only once to give its lease up",
    mutation: patch("open-writer", "this.#isEnded ? this.#leave() : void this.#send()", "void this.#send()"),
  },
  {
    breaks: "stop reaches only the writers that somebody stops in their own process",
    mutation: patch("lease-watch", "stops.set(stop);\n    writers.stop(stop);", "stops.set(stop);"),
  },
  {
    breaks: "stop reaches every writer of the process",
    mutation: patch("writers", "|| attempt.lease.path !== stop.request.path", ""),
  },
  {
    breaks: "a request to stop is forgotten while the lease is being taken",
    mutation: patch(
      "writers",
      "if (writer === null) return;",
      "if (writer === null) return void attempt.stops.splice(0);",
    ),
  },
  {
    breaks: "a request to stop concerns the next writer, too",
    mutation: patch("lease-entry", "\n    { ...valueOf(STOP_TYPE, path), data: null },", ""),
  },
  {
    breaks: "a request to stop from before the lease was asked for counts",
    mutation: patch("open-writer", "stopsSince === null || isAfter(position, stopsSince)", "true"),
  },
  {
    breaks: "a request to stop from before the lease counts nowhere",
    mutation: patch(
      "open-writer",
      "stopsSince === null || isAfter(position, stopsSince)",
      "isAfter(position, this.takenAt)",
    ),
  },
  {
    breaks: "a hub forgets a request to stop that comes before the lease",
    mutation: patch("lease-watch", "stops.set(stop);\n    writers.stop(stop);", "writers.stop(stop);"),
  },
  {
    breaks: "a hub that starts reads what stands in the log before it knows where it follows",
    mutation: patch("lease-watch", "      await ready();\n", ""),
  },
  {
    breaks: "a request to stop is gone before the lease may be over",
    mutation: patch("lease-entry", "MOST_TTL + 60_000", "60_000"),
  },
  {
    breaks: "a batch whose answer got lost counts as refused",
    mutation: patch("append-surely", "if (stored === null) throw error;", "if (stored !== undefined) throw error;"),
  },
  {
    breaks: "an answer that got lost is an error at once",
    mutation: patch("append-surely", "!isInDoubt && isCertain(error)", "!isInDoubt"),
  },
  {
    breaks: "the last batch has no keys",
    mutation: patch("held-lease", "{ ...entry, idempotencyKey: `${writer}.${index}` }", "{ ...entry, index }"),
  },
  {
    breaks: "the taking of a lease has no key",
    mutation: patch("held-lease", "idempotencyKey: lease.writer", "idempotencyKey: undefined as never"),
  },
  {
    breaks: "a writer never gives up",
    mutation: patch("append-surely", "clock.monotonic() >= giveUpAt ||", ""),
  },
  {
    breaks: "a writer that has lost its lease does not say so",
    mutation: patch("open-writer", "      this.abort(error);\n      this.#close(error);", "      this.#close(error);"),
  },
  {
    breaks: "a hub that closes does not tell its writers",
    mutation: patch("writers", "for (const writer of attempts.writers()) writer.abort(hubCloses(writer.lease));", ""),
  },
  {
    breaks: "a hub that closes does not wait for its writers",
    mutation: patch("writers", "      await waitForWriters();\n      // The log", "      // The log"),
  },
  {
    breaks: "a hub that closes leaves the leases of its writers",
    mutation: patch(
      "writers",
      "attempts.writers().map((writer) => writer.abandon().catch(() => {}))",
      "[] as Promise<void>[]",
    ),
  },
  {
    breaks: "each event is a batch of its own",
    mutation: patch("open-writer", "const BATCH_EVENTS = 200", "const BATCH_EVENTS = 1"),
  },
  {
    breaks: "an address that has ended can be leased",
    mutation: patch("writers", "if (end !== undefined) await refuseEnded(path);", ""),
  },
  {
    breaks: "an address that ends while its lease is taken is leased",
    mutation: patch("writers", "await leaveEnded(writer);", "void 0;"),
  },
  {
    breaks: "a writer is open again before its end has failed",
    mutation: patch(
      "open-writer",
      "      this.#close(error);\n    }",
      "      this.#close(error);\n    } else this.#openAgain();",
    ),
  },
  {
    breaks: "events wait without a bound",
    mutation: patch("open-writer", "const MOST_WAITING = 10_000", "const MOST_WAITING = Infinity"),
  },
];
