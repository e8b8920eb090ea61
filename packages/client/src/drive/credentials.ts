import { textOf } from "@tidings/protocol/call-safely";
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

/** What one call of the function for `headers` has given. */
interface GivenHeaders {
  /** The number of the call. */
  readonly call: number;
  readonly headers: Headers;
}

/** The headers of the application, which say who asks. */
export interface Credentials {
  /** The headers of an attempt. Attempts that begin in the same moment share one call. @throws Failure */
  read(): Promise<GivenHeaders>;
  /** The server has accepted the headers of a call, or has refused them. Later calls count more. */
  note(call: number, areAccepted: boolean): void;
}

interface CredentialNeeds {
  readonly headers: HeadersOption;
  readonly clock: Pick<Clock, "now">;
  readonly connectTimeout: number;
}

export function createCredentials({ headers: option, clock, connectTimeout }: CredentialNeeds): Credentials {
  let lastCall: { readonly at: number; readonly given: Promise<GivenHeaders> } | null = null;
  let calls = 0;
  let refused = 0;
  let accepted = 0;

  async function ask(call: number): Promise<GivenHeaders> {
    const reason = refused > accepted ? "unauthenticated" : null;
    const given: unknown = await readOption("headers", option, { reason });
    if (Object(given) !== given) {
      throw badOption('"headers" to be an object', String(given));
    }
    for (const [name, value] of Object.entries<unknown>(given as RequestHeaders)) {
      if (typeof value !== "string") {
        throw badOption(`"headers" to be texts`, `${String(value)} for "${name}"`);
      }
    }
    try {
      return { call, headers: new Headers(given as RequestHeaders) };
    } catch (cause) {
      throw badOption(`"headers" that HTTP allows`, textOf(cause), { cause });
    }
  }

  return {
    read() {
      const at = clock.now();
      // A call that hangs is given up by its attempts, and is not the next one's.
      if (!lastCall || Math.abs(at - lastCall.at) >= connectTimeout) {
        lastCall = { at, given: ask(++calls) };
      }
      const call = lastCall;
      return call.given.finally(() => {
        if (lastCall === call) {
          lastCall = null;
        }
      });
    },
    note(call, areAccepted) {
      if (areAccepted) {
        accepted = Math.max(accepted, call);
      } else {
        // Those of later calls are hardly better. Only headers that were asked for after this count as accepted.
        refused = calls;
      }
    },
  };
}
