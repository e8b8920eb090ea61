import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Page } from "playwright-core";

const root = join(import.meta.dirname, "..");
const KEPT = join(root, "docs", "screenshots");
/** Git ignores this folder. */
const OTHERS = join(KEPT, "all");

/** The folder of pictures. It says what it does with each, and writes only pictures that have changed. */
export class Album {
  /** The names of the pictures that git keeps, because the README shows them. */
  readonly #kept: ReadonlySet<string>;
  readonly #counts = { new: 0, changed: 0, unchanged: 0 };

  constructor(kept: readonly string[]) {
    this.#kept = new Set(kept);
  }

  /** Takes a picture of the page. */
  async take(page: Page, name: string): Promise<void> {
    await page.mouse.move(0, 0);
    const picture = await page.screenshot({ animations: "disabled", caret: "hide" });
    const path = join(this.#kept.has(name) ? KEPT : OTHERS, `${name}.png`);
    const before = await readFile(path).catch(() => null);
    const change = before === null ? "new" : before.equals(picture) ? "unchanged" : "changed";
    this.#counts[change]++;
    console.log(`${change.padEnd(10)} ${relative(root, path)}`);
    if (change === "unchanged") return;
    await mkdir(OTHERS, { recursive: true });
    await writeFile(path, picture);
  }

  /** Says how many pictures there are. */
  summarize(): void {
    const { new: added, changed, unchanged } = this.#counts;
    console.log(`${added + changed + unchanged} pictures: ${added} new, ${changed} changed, ${unchanged} unchanged.`);
    console.log(`The README shows those in ${relative(root, KEPT)}; git ignores those in ${relative(root, OTHERS)}.`);
  }
}
