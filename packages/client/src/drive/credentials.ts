import type { Clock } from "@tidings/protocol/clock";
import { badOption } from "./failure.ts";
import { readOption } from "./read-option.ts";

type RequestHeaders = Readonly<Record<string, string>>;

/** What the function for `headers` may want to know. */
export interface HeadersContext {
  /** Why there is another attempt: the server has refused the headers of the last one. Null where it has not. */
  readonly reason: "unauthenticated" | null;
}

export type HeadersOption = RequestHeaders | ((context: HeadersContext) => RequestHeaders | Promise<RequestHeaders>);

/** The headers of the application, which say who asks. */
export interface Credentials {
  /** The headers of an attempt. Attempts that begin in the same moment share one call. @throws Failure */
  read(): Promise<Headers>;
  /** Whether the server has accepted the last ones. */
  note(areAccepted: boolean): void;
}

interface CredentialNeeds {
  readonly headers: HeadersOption;
  readonly clock: Pick<Clock, "now">;
  readonly connectTimeout: number;
}

export function createCredentials({ headers: option, clock, connectTimeout }: CredentialNeeds): Credentials {
  let lastCall: { readonly at: number; readonly headers: Promise<Headers> } | null = null;
  let areRefused = false;

  async function ask(): Promise<Headers> {
    const given = await readOption("headers", option, { reason: areRefused ? "unauthenticated" : null });
    for (const [name, value] of Object.entries<unknown>(given)) {
      if (typeof value !== "string") {
        throw badOption(`"headers" to be texts`, `${String(value)} for "${name}"`);
      }
    }
    try {
      return new Headers(given);
    } catch (cause) {
      throw badOption(`"headers" that HTTP allows`, String(cause), { cause });
    }
  }

  return {
    read() {
      const now = clock.now();
      // A call that hangs is given up by its attempts, and is not the next one's.
      const isOld = lastCall === null || Math.abs(now - lastCall.at) >= connectTimeout;
      const call = isOld || lastCall === null ? { at: now, headers: ask() } : lastCall;
      lastCall = call;
      return call.headers.finally(() => {
        if (lastCall === call) {
          lastCall = null;
        }
      });
    },
    note(areAccepted) {
      areRefused = !areAccepted;
    },
  };
}
