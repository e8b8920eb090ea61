/** Figures of one long run, by name. */
export type Figures = Readonly<Record<string, number | string>>;

/** A text that ends with a table of results, with this one in it: a subject has one row, that of its last run. */
export function withResult(text: string, subject: string, figures: Figures, where: string): string {
  const cell = Object.entries(figures).map(([name, figure]) => `${name} ${figure}`);
  const row = `| ${subject} | ${cell.join(", ")} | ${where} |`;
  const lines = text.trimEnd().split("\n");
  const former = lines.findIndex((line) => line.startsWith(`| ${subject} |`));
  lines.splice(former === -1 ? lines.length : former, 1, row);
  return `${lines.join("\n")}\n`;
}
