import { Guest } from "./guest.ts";
import type { Controls, Need, OpenServer, WireFacts, WireServer } from "./server.ts";

/** One sentence of PROTOCOL.md, and how to find out whether a server keeps it. */
export interface Law {
  /** The number of the section. */
  readonly section: string;
  /** The sentence, or as much of it as is meant, word for word. */
  readonly says: string;
  /** Section, sentence and the case of it that is tried, if there are several. */
  readonly title: string;
  /** What a server must have for it to be tried. */
  readonly needs: readonly Need[];
  /** It is tried only where all this is true. */
  readonly only: Partial<WireFacts>;
  /** Rejects when the promise is broken. */
  run(guest: Guest): Promise<void>;
}

/** The laws of a section, by the sentence that each of them quotes; what follows ` — ` is the case of it that is tried. */
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

/** A server, what is true of the way to it, and how long it may take. */
export interface Trial {
  readonly open: OpenServer;
  readonly facts: WireFacts;
  /** Why the server does not have something that laws need. Those laws are not tried. @default it has everything */
  readonly lacks?: Partial<Readonly<Record<Need, string>>>;
  /** The milliseconds after which what has not come is taken for missing. @default 10_000 */
  readonly patience?: number;
}

/** Whether there is such a thing on the way to the server. */
export function appliesTo({ only }: Law, facts: WireFacts): boolean {
  const all: WireFacts = { closes: true, ...facts };
  return Object.entries(only).every(([fact, value]) => all[fact as keyof WireFacts] === value); // keys of `only` are facts
}

/** Why a law is not tried on a server; null when it can be. */
export function whyNot({ needs }: Law, { lacks = {} }: Pick<Trial, "lacks">): string | null {
  const reasons = needs.flatMap((need) => (lacks[need] === undefined ? [] : `${need}: ${lacks[need]}`));
  return reasons.length === 0 ? null : `not tried, for want of ${reasons.join("; ")}`;
}

/**
 * Tries a law on a server of its own.
 *
 * @throws Error when the law is broken, and when it cannot be tried there
 */
export async function tryLaw(law: Law, trial: Trial): Promise<void> {
  const { open, facts, patience = 10_000 } = trial;
  const reason = whyNot(law, trial);
  if (reason !== null) throw new Error(`Expected a law that can be tried there, got one that is ${reason}.`);
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
  "drain",
  "revoke",
  "expire",
  "pass",
  "failOver",
  "breakLog",
  "ticket",
];

/** What a law may make the server do: what it says that it needs and nothing else, so that what it says stays true. */
function controlsOf(server: WireServer, needs: readonly Need[]): Controls {
  const controls = CONTROLS.map((name) => {
    const control = server[name];
    const refuse = () => {
      const wrong = needs.includes(name) ? 'of the server, or a reason in "lacks", got neither' : "among its needs";
      throw new Error(`Expected "${name}" ${wrong}.`);
    };
    return [name, needs.includes(name) ? (control?.bind(server) ?? refuse) : refuse] as const;
  });
  // Every control is in the list.
  return Object.fromEntries(controls) as unknown as Controls;
}
