import { Guest } from "./guest.ts";
import type { OpenServer, WireFacts } from "./server.ts";

/** One sentence of PROTOCOL.md, and how to find out whether a server keeps it. */
export interface Law {
  /** The number of the section. */
  readonly section: string;
  /** The sentence, or as much of it as is meant, word for word. */
  readonly says: string;
  /** Section, sentence and the case of it that is tried, if there are several. */
  readonly title: string;
  /** It is tried only where all this is true. */
  readonly only: Partial<WireFacts>;
  /** Rejects when the promise is broken. */
  run(guest: Guest): Promise<void>;
}

/** The laws of a section, by the sentence that each of them quotes; what follows ` — ` is the case of it that is tried. */
export function lawsOf(
  section: string,
  runs: Readonly<Record<string, Law["run"]>>,
  only: Partial<WireFacts> = {},
): readonly Law[] {
  return Object.entries(runs).map(([sentence, run]) => {
    const [says = ""] = sentence.split(" — ");
    return { section, says, title: `${section}: ${sentence}`, only, run };
  });
}

/** A server, what is true of the way to it, and how long it may take. */
export interface Trial {
  readonly open: OpenServer;
  readonly facts: WireFacts;
  /** The milliseconds after which what has not come is taken for missing. @default 10_000 */
  readonly patience?: number;
}

export function appliesTo({ only }: Law, facts: WireFacts): boolean {
  return Object.entries(only).every(([fact, value]) => facts[fact as keyof WireFacts] === value); // keys of `only` are facts
}

/** Tries a law on a server of its own. */
export async function tryLaw(law: Law, { open, facts, patience = 10_000 }: Trial): Promise<void> {
  const server = await open();
  const guest = new Guest(server, facts, patience);
  try {
    await law.run(guest);
  } finally {
    guest.leave();
    await server.close();
  }
}
