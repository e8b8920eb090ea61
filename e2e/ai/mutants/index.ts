import type { Mutant } from "./mutant.ts";
import { pages } from "./pages.ts";
import { starts } from "./starts.ts";
import { streams } from "./streams.ts";
import { writers } from "./writers.ts";

export const mutants: readonly Mutant[] = [...starts, ...writers, ...pages, ...streams];
