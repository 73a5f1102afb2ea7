import type { Invoked } from "../../shared/aws/invoke-decide.ts";
import { asList, asObject, asText, type Json } from "../../shared/signals/shapes.ts";

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
  "awaiting-approval": "Nothing was done: a decision is still waited for. Look at the message again.",
};

/** What may be said of a refusal: the reasons of `decide` name principals, approvers and resources, and whoever has pressed may be anybody in the channel. */
const WHY: readonly (readonly [RegExp, string])[] = [
  [/, expected one of those who may decide by policy: /, "You are not among those who may decide."],
  [/^who is behind .* can't be told: /s, "Who is behind your name in Slack can't be told."],
  [/caused it.*: somebody else has to decide$/s, "Nobody decides about what he caused."],
  [/^(it was caused by .* can't be told|who caused it is not known)/s, "Who caused it can't be told yet."],
  [/^the finding is [a-z-]+; only one that waits/, "It is settled already."],
  [/^this proof has been used already/, "This press was heard already."],
];

/** An outcome in words that name nobody, plain text: a route that may not have personal data is not to get it by an answer. Pure. */
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
  const findingId = asText(result?.findingId);
  return {
    status,
    ...(findingId !== undefined && { findingId }),
    text: [WORDS[status] ?? `It is ${status} now.`, ...whyOf(result, pressed)].join("\n") + about,
  };
}

function whyOf(result: Json | undefined, pressed: string | undefined): readonly string[] {
  if (result?.status !== "refused") return [];
  const reasons = asList(result.reasons).flatMap((each) => asText(each) ?? []);
  const known = WHY.find(([pattern]) => reasons.some((reason) => pattern.test(reason)))?.[1];
  if (known !== undefined) return [known];
  return pressed === undefined ? [] : [`cordon explain ${pressed} says why.`];
}
