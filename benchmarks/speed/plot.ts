import { figureOf, type MeasureResult } from "./results.ts";
import { digits } from "./table.ts";

const WIDTH = 790;
const ROW = 26;
/** The room for the labels: 41 characters of a wide font, such as DejaVu Sans, fit. */
const LABELS = 300;
/** The room for the figure beside the longest bar. */
const FIGURES = 70;

/** Bars of one measure as a picture in SVG: the median of each server, and a line from the least to the most. */
export function plotOf({ rounds, figure, title }: MeasureResult): string {
  const rows = Object.keys(rounds).map((label) => ({ label, ...figureOf(rounds, figure, label) }));
  const longest = Math.max(...rows.map(({ median }) => median));
  const x = (value: number): number => LABELS + (Math.min(value, longest) / longest) * (WIDTH - LABELS - FIGURES);
  const bars = rows.map(({ label, median, least, most }, index) => {
    const y = 36 + index * ROW;
    const colour = label.startsWith("Tidings") ? "#0f766e" : "#94a3b8";
    return `  <text x="${LABELS - 8}" y="${y + 13}" text-anchor="end">${label}</text>
  <rect x="${LABELS}" y="${y}" width="${(x(median) - LABELS).toFixed(1)}" height="17" fill="${colour}"/>
  <path d="M${x(least).toFixed(1)} ${y + 8.5}H${x(most).toFixed(1)}" stroke="#1e293b"/>
  <text x="${(x(most) + 6).toFixed(1)}" y="${y + 13}">${digits(median)}</text>`;
  });
  const height = 44 + rows.length * ROW;
  const view = `viewBox="0 0 ${WIDTH} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${view} font-family="sans-serif" font-size="12">
  <title>${title}</title>
  <rect width="100%" height="100%" fill="white"/>
  <text x="8" y="20" font-weight="bold">${figure}</text>
${bars.join("\n")}
</svg>
`;
}
