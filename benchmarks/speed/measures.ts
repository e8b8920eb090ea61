import { fanOuts } from "./fan-out.ts";
import { growths } from "./growth.ts";
import { idle } from "./idle.ts";
import type { Measure } from "./measure.ts";
import { storms } from "./storm.ts";
import { worksMeasured } from "./works-measured.ts";

/** All measures, in the order of the table. */
export const measures: readonly Measure[] = [...fanOuts, idle, ...storms, ...growths, ...worksMeasured];
