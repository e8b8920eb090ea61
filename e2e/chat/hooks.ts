// The files of this folder share their modules, so that each is loaded once. These hooks run for each file.
import { afterEach, beforeAll } from "vitest";
import { begin, end } from "./stage.ts";

beforeAll(begin);
afterEach(end);
