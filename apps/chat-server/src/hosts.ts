import type { RequestHandler } from "express";
import { Problem } from "./problem.ts";

/** The names of this machine itself. No other machine can take them. */
const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];
/** In the list of hosts it stands for every host. */
const ANY = "*";

/**
 * Serves only requests for the hosts that this server is known by, and changes only from their pages.
 *
 * Without this, a page of another site could let its own name point to this server ("DNS rebinding"), and then use the
 * chat as its visitor.
 *
 * @param hosts for example `chat.example`, or `chat.example:8443` for one port only; `*` for every host. The loopback
 *   names always belong to them.
 */
export function serveHosts(hosts: readonly string[] = []): RequestHandler {
  const isServed = createHostCheck([...LOOPBACK, ...hosts]);
  return ({ headers, method }, _response, next) => {
    if (!isServed(parseHost(headers.host ?? ""))) {
      const advice = "set HOSTS to the names that this server is known by";
      throw new Problem(421, `This server does not answer to ${JSON.stringify(headers.host ?? "")}; ${advice}.`);
    }
    const { origin } = headers;
    const isChange = method !== "GET" && method !== "HEAD";
    if (isChange && origin !== undefined && !isServed(parseOrigin(origin))) {
      throw new Problem(403, `A page of ${JSON.stringify(origin)} may not change anything here.`);
    }
    next();
  };
}

interface Host {
  readonly name: string;
  /** The ports that can be meant. A host without a port can be that of either protocol: TLS may end at a proxy. */
  readonly ports: readonly string[];
}

function createHostCheck(hosts: readonly string[]): (host: Host | null) => boolean {
  const served = new Set(hosts.map((host) => host.toLowerCase()));
  if (served.has(ANY)) return () => true;
  return (host) => {
    if (host === null) return false;
    const { name, ports } = host;
    return served.has(name) || ports.some((port) => served.has(`${name}:${port}`));
  };
}

/** Returns null for a text that is not a host. */
function parseHost(text: string): Host | null {
  // A scheme without a default port, so that `:80` stays.
  const href = `host://${text.toLowerCase()}`;
  if (!URL.canParse(href)) return null;
  const url = new URL(href);
  const isOnlyHost = url.href === href && url.hostname !== "" && !/[/?#@]/.test(text);
  return isOnlyHost ? { name: url.hostname, ports: url.port === "" ? ["80", "443"] : [url.port] } : null;
}

function parseOrigin(origin: string): Host | null {
  if (!URL.canParse(origin)) return null;
  const url = new URL(origin);
  if (url.origin !== origin) return null;
  const defaultPort = url.protocol === "https:" ? "443" : "80";
  return { name: url.hostname, ports: [url.port || defaultPort] };
}
