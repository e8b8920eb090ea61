import type { Mutation, Patch } from "../../mutation/mutation.ts";
import type { Subject } from "../stories/index.ts";

/** A server or a client that breaks a sentence of docs/guides/presence.md or docs/decisions/presence.md. */
export interface Mutant {
  readonly breaks: string;
  /** The stories that notice. */
  readonly by: Subject;
  readonly mutation: Mutation;
}

const patch = (file: string, from: string, to: string): Patch => ({ file: `packages/${file}.ts`, from, to });

export function onServer(file: string, from: string, to: string): Patch {
  return patch(`server/src/presence/${file}`, from, to);
}

export function onClient(file: string, from: string, to: string): Patch {
  return patch(`client/src/presence/${file}`, from, to);
}

export function inContract(from: string, to: string): Patch {
  return patch("contract/src/presence", from, to);
}
