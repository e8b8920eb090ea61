import { Guest } from "./guest.ts";
import type { Controls, Need, OpenServer, WireFacts, WireServer } from "./server.ts";

/** One sentence of PROTOCOL.md, and a check of it. */
export interface Law {
  /** The number of the section. */
  readonly section: string;
  /** The sentence or a part of it, word for word. */
  readonly says: string;
  /** Section and sentence, and the case that is checked if there are several. */
  readonly title: string;
  /** What the server has to have for the check. */
  readonly needs: readonly Need[];
  /** The law applies only with these facts. */
  readonly only: Partial<WireFacts>;
  /** Rejects if the server breaks the law. */
  run(guest: Guest): Promise<void>;
}

/** The laws of a section, by the sentence that each of them quotes. The text after ` — ` names the case. */
export function lawsOf(
  section: string,
  needs: readonly Need[],
  runs: Readonly<Record<string, Law["run"]>>,
  only: Partial<WireFacts> = {},
): readonly Law[] {
  return Object.entries(runs).map(([sentence, run]) => {
    const [says = ""] = sentence.split(" — ");
    return { section, says, title: `${section}: ${sentence}`, needs, only, run };
  });
}

/** A server to check, and how to check it. */
export interface Trial {
  readonly open: OpenServer;
  readonly facts: WireFacts;
  /**
   * By need, why the server does not have it. Laws with that need are not checked.
   * @default the server has everything
   */
  readonly lacks?: Partial<Readonly<Record<Need, string>>>;
  /** How long the suite waits for anything, in milliseconds. @default 10_000 */
  readonly patience?: number;
}

/** Whether a law applies with these facts. */
export function appliesTo({ only }: Law, facts: WireFacts): boolean {
  const all: WireFacts = { closes: true, ...facts };
  // The keys of `only` are names of facts.
  return Object.entries(only).every(([fact, value]) => all[fact as keyof WireFacts] === value);
}

/** Why a law is not checked on a server; null if it is. */
export function whyNot({ needs }: Law, { lacks = {} }: Pick<Trial, "lacks">): string | null {
  const reasons = needs.flatMap((need) => (lacks[need] === undefined ? [] : `${need}: ${lacks[need]}`));
  return reasons.length === 0 ? null : `not tried, for want of ${reasons.join("; ")}`;
}

/**
 * Checks a law on a new server.
 *
 * @throws Error if the server breaks the law, or if the law cannot be checked on it; see {@link whyNot}
 */
export async function tryLaw(law: Law, trial: Trial): Promise<void> {
  const { open, facts, patience = 10_000 } = trial;
  const reason = whyNot(law, trial);
  if (reason !== null) {
    throw new Error(`Expected a law that this server can be checked for, got one that is ${reason}.`);
  }
  const server = await open();
  try {
    const guest = new Guest({ ...server, ...controlsOf(server, law.needs) }, facts, patience);
    await law.run(guest).finally(() => guest.leave());
  } finally {
    await server.close();
  }
}

const CONTROLS: readonly (keyof Controls)[] = [
  "publish",
  "clear",
  "end",
  "drain",
  "revoke",
  "expire",
  "pass",
  "failOver",
  "breakLog",
  "ticket",
];

/** The controls that a law may use: only those among its needs, so that `needs` is always complete. */
function controlsOf(server: WireServer, needs: readonly Need[]): Controls {
  const controls = CONTROLS.map((name) => {
    const fail = (expected: string) => () => {
      throw new Error(`Expected ${expected}.`);
    };
    if (!needs.includes(name)) return [name, fail(`"${name}" among the needs of the law, got no such need`)] as const;
    const control = server[name]?.bind(server);
    return [name, control ?? fail(`"${name}" of the server, or a reason in "lacks", got neither`)] as const;
  });
  // Every control is in the list.
  return Object.fromEntries(controls) as unknown as Controls;
}
