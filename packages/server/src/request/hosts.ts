/** The hosts under which a hub is reached. */
export interface Hosts {
  /** Whether the hub answers a request with this `Host` header. */
  answer(host: string | null): boolean;
  /** Whether an `Origin` header is that of the hub itself, reached under this `Host`. */
  isOwn(origin: string, host: string | null): boolean;
}

/** A host name, and a port unless it is the default one. */
interface Host {
  readonly name: string;
  readonly port: string;
}

/** What a default port says about an entry of the option, which has no scheme. */
const SCHEME_OF_PORT: ReadonlyMap<string, string> = new Map([
  ["80", "http:"],
  ["443", "https:"],
]);

/**
 * Reads the `hosts` option. A `Host` header does not say whether it is of http or https, so 80 and 443 both count as no
 * port. An `Origin` has a scheme, so it says which port is the default one.
 *
 * @param listed the option; without it the hub answers under every name
 * @throws TypeError for an entry that is not a host
 */
export function createHosts(listed?: readonly string[]): Hosts {
  if (listed?.length === 0) throw new TypeError('Expected one host at least in "hosts", got an empty list.');
  const hosts = listed?.map((entry) => {
    const [, port] = /:(\d+)$/u.exec(entry) ?? [];
    return { ...toHost(entry), hasAnyPort: port === undefined, scheme: SCHEME_OF_PORT.get(port ?? "") };
  });

  return {
    answer(header) {
      if (hosts === undefined) return true;
      const host = header === null ? null : parseHost(header, "http:");
      return hosts.some(({ name, port, hasAnyPort }) => name === host?.name && (hasAnyPort || port === host.port));
    },

    isOwn(origin, header) {
      const url = URL.canParse(origin) ? new URL(origin) : null;
      if (url?.protocol !== "http:" && url?.protocol !== "https:") return false;
      if (header !== null && parseHost(header, url.protocol)?.url.host === url.host) return true;
      // A proxy may have replaced the host, so the page's own one counts, too.
      const isListed = hosts?.some(
        ({ name, port, scheme = url.protocol }) =>
          name === url.hostname && port === url.port && scheme === url.protocol,
      );
      return isListed ?? false;
    },
  };
}

/** @throws TypeError */
function toHost(entry: unknown): Host {
  const host = typeof entry === "string" && !entry.includes("*") ? parseHost(entry, "http:") : null;
  if (host !== null) return host;
  throw new TypeError(
    `Expected a host like "app.example" or "localhost:3000" in "hosts", got ${JSON.stringify(entry)}; ` +
      "leave out the scheme and the path.",
  );
}

function parseHost(text: string, protocol: string): (Host & { readonly url: URL }) | null {
  // Without these characters the text has neither a path nor a user name.
  if (!/^[^/?#@\\\s]+$/u.test(text) || !URL.canParse(`${protocol}//${text}`)) return null;
  const url = new URL(`${protocol}//${text}`);
  return { name: url.hostname, port: url.port === "443" ? "" : url.port, url };
}
