import { fingerprint, type Contract } from "@tidings/contract";
import { watched, type Watchable } from "../status.ts";

/** Whether the server has the contract of this client, as far as fingerprints tell. */
export interface ServerContract {
  /** `unknown` before the first stream begins. */
  readonly state: "unknown" | "same" | "other";
  /** The fingerprint of the server's contract. Each version has another one. */
  readonly fingerprint: string | null;
}

/** What the server's contract is. */
export interface ContractWatch {
  readonly value: Watchable<ServerContract>;
  /** The server has said which contract it has. Returns whether it is another one. */
  note(theirs: string): boolean;
}

export function watchContract(own: Contract): ContractWatch {
  const { status: value, set } = watched<ServerContract>({ state: "unknown", fingerprint: null });
  let ours: string | null = null;
  return {
    value,
    note(theirs) {
      ours ??= fingerprint(own);
      const state = theirs === ours ? "same" : "other";
      if (theirs !== value.value.fingerprint) {
        set({ state, fingerprint: theirs });
      }
      return state === "other";
    },
  };
}
