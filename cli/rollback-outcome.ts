import type { Result } from "../shared/types.ts";
import { redactChanges, redactText } from "./redact.ts";
import type { Order, Preview } from "./rollback-preview.ts";
import { plain } from "./text.ts";

/** What became of the request. */
export interface Outcome {
  /** `possible`: nothing was done, for that was not asked. */
  readonly kind: "done" | "possible" | "refused" | "inconclusive";
  readonly reasons: readonly string[];
  readonly changes: Result["changes"];
  readonly result?: Result;
}

/** The one result that the function answers with. Throws Error when it is none. */
export function resultIn(answer: unknown, functionName: string): Result {
  const { results } = (answer ?? {}) as { readonly results?: readonly Result[] };
  const [result] = Array.isArray(results) ? results : [];
  if (result === undefined || !Array.isArray(result.reasons) || !Array.isArray(result.changes))
    throw new Error(
      `${functionName} gave an answer that can't be understood: expected {"results":[...]}; is it Cordon's, and of this version?`,
    );
  return result;
}

/** The function's answer as it is shown. Pure. */
export function outcomeOf(answered: Result, { approver }: Order, isRevealed: boolean): Outcome {
  // What the caller has just said is no secret to the caller.
  const isOwn = (reason: string) => reason.startsWith(`rolled back by ${approver} until `);
  const redacted = {
    ...answered,
    reasons: answered.reasons.map((reason) => (isOwn(reason) ? reason : redactText(reason))),
    changes: redactChanges(answered.changes),
  };
  const result = isRevealed ? answered : redacted;
  const { status, reasons, changes } = result;
  const kind = status === "exempt" ? "done" : status === "refused" ? "refused" : "inconclusive";
  return { kind, reasons, changes, result };
}

/** An outcome for people. Pure. */
export function describeOutcome({ kind, reasons, changes, result }: Outcome): string {
  const isRefusal = kind === "refused";
  const head = {
    done: "Done",
    possible: "It could be done",
    refused: "Refused",
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
  preview: Preview | undefined,
  { kind, reasons, changes, result }: Outcome,
): string {
  const report = { isDryRun, outcome: kind, reasons, changes, ...(preview && { preview }), ...(result && { result }) };
  return `${JSON.stringify(report, null, 2)}\n`;
}
