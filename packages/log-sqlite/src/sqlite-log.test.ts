import { describeSqliteLog } from "../trials/describe-log.ts";

describeSqliteLog(10);
