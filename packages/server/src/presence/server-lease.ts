import type { Address } from "@tidings/contract";
import { PublishError } from "../publish/publish-error.ts";
import { randomHex } from "../runtime/random-hex.ts";
import type { FollowedValues } from "./followed-values.ts";
import type { PresenceHub, Report } from "./presence-hub.ts";

interface LeaseNeeds {
  readonly hub: Pick<PresenceHub, "publish" | "clear">;
  /** The address of the servers. */
  readonly address: Address;
  /** What the log has there. */
  readonly values: Pick<FollowedValues, "of">;
  readonly report: Report;
}

/**
 * What an attempt to renew has led to. `lost`: the lease had expired, and other servers may have withdrawn what this
 * one said. Then the server goes on under another id.
 */
export type Renewal = "renewed" | "failed" | "lost";

/** The lease of this server: as long as it holds, what the server has published counts. */
export class ServerLease {
  /** Names the server in what it publishes: 16 hexadecimal digits. */
  readonly server = randomHex(8);
  readonly #needs: LeaseNeeds;
  /** The id of the newest renewal; null before the first. */
  #newest: string | null = null;

  constructor(needs: LeaseNeeds) {
    this.#needs = needs;
  }

  /** Publishes that the server is alive, if its lease holds. The log decides about that in the same step. */
  async renew(): Promise<Renewal> {
    const { hub, address, report } = this.#needs;
    const expects = this.#newest;
    try {
      const { id } = await hub.publish(address, "alive", { server: this.server }, { expects });
      this.#newest = id;
      return "renewed";
    } catch (error) {
      if (error instanceof PublishError) return this.#meetConflict(error.cursor);
      report(error);
      return "failed";
    }
  }

  /** Withdraws the lease: the server has nobody left. */
  async end(): Promise<void> {
    const { hub, address, report } = this.#needs;
    await hub.clear(address, "alive", this.server).catch(report);
  }

  /** The ids of all other servers whose lease holds. */
  otherServers(): string[] {
    return [...this.#needs.values.of("alive").keys()].filter((server) => server !== this.server);
  }

  /** Whether a server is alive. Null until the log has shown this server's own lease: all others may follow then. */
  isAlive(server: string): boolean | null {
    const alive = this.#needs.values.of("alive");
    if (!alive.has(this.server)) return null;
    return alive.has(server);
  }

  /** @param standing the id of the value that the log has instead */
  #meetConflict(standing: string | null): Renewal {
    if (standing === null) return "lost";
    // Only this server publishes under its id. So a renewal without an answer had reached the log.
    this.#newest = standing;
    return "failed";
  }
}
