import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Page } from "playwright-core";
import { PNG } from "pngjs";

const root = join(import.meta.dirname, "..");
const KEPT = join(root, "docs", "screenshots");
/** Git ignores this folder. */
const OTHERS = join(KEPT, "all");

/** So many pixels may differ from picture to picture. A changed word differs in more. */
const FEW_PIXELS = 60;
/** How far two colours may be apart, of 765, and still count as the same. */
const SAME_COLOUR = 120;

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
    const change = before === null ? "new" : looksLike(before, picture) ? "unchanged" : "changed";
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

/**
 * Whether two pictures look the same. Both are files in the format PNG. What lies between two rows of pixels is drawn
 * in the upper or the lower one, depending on what was above it. So a pixel may be found in the rows beside its own.
 */
function looksLike(before: Buffer, after: Buffer): boolean {
  const [old, current] = [PNG.sync.read(before), PNG.sync.read(after)];
  const { width, height } = current;
  if (old.width !== width || old.height !== height) return false;
  const row = width * 4;
  let different = 0;
  for (let at = 0; at < current.data.length; at += 4) {
    if (![at, at - row, at + row].some((other) => distance(current.data, at, old.data, other) < SAME_COLOUR)) {
      different++;
    }
  }
  return different <= FEW_PIXELS;
}

/** How far two pixels are apart in red, green and blue together; far, if one of them is outside of its picture. */
function distance(left: Uint8Array, at: number, right: Uint8Array, other: number): number {
  return [0, 1, 2].reduce((sum, colour) => {
    return sum + Math.abs((left[at + colour] ?? 0) - (right[other + colour] ?? Infinity));
  }, 0);
}
