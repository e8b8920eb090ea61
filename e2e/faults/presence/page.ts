import { createClient } from "@tidings/client";
import { createPresence } from "@tidings/client/presence";
import { onTestFinished } from "vitest";
import { app, hall, lobby } from "../../presence/contract.ts";

/** A page of somebody in the lobby and in the hall. */
export class Page {
  /** Who came and went, as `+ada` and `-ada`. */
  readonly changes: string[] = [];
  readonly people;
  readonly crowd;
  /** The servers whose leases hold. */
  readonly servers = new Set<string>();
  isLive = false;

  constructor(viewer: string, port: number) {
    const client = createClient(app, {
      url: `http://127.0.0.1:${port}/events`,
      headers: { "x-user": viewer },
      // A server that was killed answers nobody.
      onError: () => {},
    });
    onTestFinished(() => client.close());
    client.status.subscribe(({ state }) => void (this.isLive = state === "live"));
    client.subscribe(app.servers(), {
      alive: ({ server }) => this.servers.add(server),
      onClear: ({ key }) => this.servers.delete(key),
      onGap: () => this.changes.push("gap"),
    });
    const presence = createPresence(client, { contract: app, servers: app.servers() });
    this.people = presence.people(lobby, {
      onJoin: (person) => this.changes.push(`+${person.viewer}`),
      onLeave: (person) => this.changes.push(`-${person.viewer}`),
    });
    this.crowd = presence.count(hall);
  }

  get names(): readonly string[] {
    return this.people.value.map(({ viewer }) => viewer).toSorted();
  }
}
