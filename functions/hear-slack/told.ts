import type { Invoked } from "../../shared/aws/invoke-decide.ts";
import { asList, asObject, asText } from "../../shared/signals/shapes.ts";

/** What whoever has pressed is told, and what goes into the log. */
export interface Told {
  readonly text: string;
  readonly status: string;
  readonly findingId?: string;
}

const WORDS: Readonly<Record<string, string>> = {
  contained: "Done: it was stopped, and verified by reading it again.",
  exempt: "Done: it is let be by an exception that ends.",
  refused: "Refused: nothing was done.",
  failed: "It has failed. Press again; if it stays so, look at the log of decide.",
  "awaiting-approval": "Nothing was done: a decision is still waited for.",
};

/** An outcome in words, plain text. Pure. */
export function toldOf(invoked: Invoked | { readonly kind: "failed" }, pressed: string | undefined): Told {
  const about = pressed === undefined ? "" : `\n${pressed}`;
  if (invoked.kind === "failed")
    return { status: "unasked", text: `Cordon could not be asked. Press again in a minute.${about}` };
  if (invoked.kind === "late")
    return {
      status: "late",
      text: `Cordon is at it. What comes of it will stand in the message; if nothing has changed there in a minute, press again.${about}`,
    };
  const result = asObject(asList(asObject(invoked.answer)?.results)[0]);
  const status = asText(result?.status) ?? "unknown";
  const reasons = asList(result?.reasons).flatMap((each) => asText(each) ?? []);
  const findingId = asText(result?.findingId);
  return {
    status,
    ...(findingId !== undefined && { findingId }),
    text: [WORDS[status] ?? `It is ${status} now.`, ...reasons].join("\n") + about,
  };
}
