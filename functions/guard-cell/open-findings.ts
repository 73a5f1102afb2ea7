import { meta } from "../../controls/cordon-cell-stays-deployed/meta.ts";
import type { Result } from "../../shared/types.ts";

/** Nothing was wrong, or a person has said that it may stay. */
const CLOSED: readonly Result["status"][] = ["compliant", "exempt", "ignored"];

/** How many of the results say that something of Cordon's own is not as deployed or can't be told. What is looked at again later says neither. Pure. */
export function openFindings(results: readonly Result[]): number {
  return results.filter((result) => result.controlId === meta.id && isOpen(result)).length;
}

/** Whether a result says that something is wrong or can't be told. Pure. */
export function isOpen({ decision, status }: Result): boolean {
  return decision !== null && !CLOSED.includes(status);
}
