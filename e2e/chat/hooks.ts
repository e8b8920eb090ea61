// The files share their modules, so that each is read once; what belongs to each file again is here.
import { afterEach, beforeAll } from "vitest";
import { begin, end } from "./stage.ts";

beforeAll(begin);
afterEach(end);
