import { parseAddress, type Address, type Contract } from "@tidings/contract";
import type { Decision, Grant, HubOptions, Question, Viewer } from "./hub-options.ts";

/** What a viewer may read of what was asked for. */
export interface Access {
  readonly granted: ReadonlyMap<string, { readonly address: Address; readonly grant: Grant }>;
  readonly refused: ReadonlyMap<string, "forbidden" | "unknown">;
}

/** Asks the application about every path, after parsing it: what is authorised is the value, never the text. */
export async function authorizeAll<C extends Contract, V extends Viewer>(
  contract: C,
  authorize: HubOptions<C, V>["authorize"],
  viewer: V,
  paths: Iterable<string>,
): Promise<Access> {
  const granted = new Map<string, { address: Address; grant: Grant }>();
  const refused = new Map<string, "forbidden" | "unknown">();
  await Promise.all(
    Array.from(paths, async (path) => {
      const address = parseAddress(contract, path);
      if (address === null) return void refused.set(path, "unknown");
      // An address of the contract together with the viewer is a question, by the definition of both.
      const grant = toGrant(await authorize({ ...address, viewer } as Question<C, V>));
      if (grant === null) refused.set(path, "forbidden");
      else granted.set(path, { address, grant });
    }),
  );
  return { granted, refused };
}

/** Deny by default: only `true` and an object say yes. */
function toGrant(decision: Decision): Grant | null {
  if (decision === true) return {};
  return typeof decision === "object" && decision !== null ? decision : null;
}
