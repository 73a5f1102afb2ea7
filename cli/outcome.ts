import type { Result, ResultStatus } from "../shared/types.ts";
import { redactChanges, redactText } from "./redact.ts";
import { plain } from "./text.ts";

/** What became of an order. */
export interface Outcome {
  /** `possible`: nothing was done, for that was not asked. */
  readonly kind: "done" | "possible" | "refused" | "inconclusive";
  readonly reasons: readonly string[];
  readonly changes: Result["changes"];
  readonly result?: Result;
}

/**
 * The function's answer as it is shown. Pure.
 *
 * @param good what it says when it has done what was asked
 */
export function outcomeOf(answered: Result, good: readonly ResultStatus[], isRevealed: boolean): Outcome {
  const hidden = {
    ...answered,
    reasons: answered.reasons.map((reason) => redactText(reason)),
    changes: redactChanges(answered.changes),
  };
  const result = isRevealed ? answered : hidden;
  const { status, reasons, changes } = result;
  const isUndone = status === "refused" || (status === "awaiting-approval" && !good.includes(status));
  const kind = good.includes(status) ? "done" : isUndone ? "refused" : "inconclusive";
  return { kind, reasons, changes, result };
}

/** An outcome for people. Pure. */
export function describeOutcome({ kind, reasons, changes, result }: Outcome): string {
  const isRefusal = kind === "refused" && (result === undefined || result.status === "refused");
  const head = {
    done: "Done",
    possible: "It could be done",
    refused: isRefusal ? "Refused" : "Not done",
    inconclusive: `Not certain (${result?.status ?? "no answer"})`,
  }[kind];
  const lines = changes.map(({ path, before, after }) => {
    const [one, other] = [shown(before), shown(after)];
    return isRefusal ? `  ${path}: Cordon left ${one}, found ${other}` : `  ${path}: ${one} -> ${other}`;
  });
  const again = kind === "inconclusive" ? ["  Ask again: what is done already is not done twice."] : [];
  const why = reasons.length > 0 ? `: ${reasons.join("; ")}` : "";
  return `${[plain(`${head}${why}.`), ...lines.map(plain), ...again].join("\n")}\n`;
}

function shown(value: unknown): string {
  return value === undefined ? "(absent)" : JSON.stringify(value);
}

/** All of it as JSON. Pure. */
export function toJson(
  isDryRun: boolean,
  preview: object | undefined,
  { kind, reasons, changes, result }: Outcome,
): string {
  const report = { isDryRun, outcome: kind, reasons, changes, ...(preview && { preview }), ...(result && { result }) };
  return `${JSON.stringify(report, null, 2)}\n`;
}
