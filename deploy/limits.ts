import type { Json } from "./json.ts";
import type { Stack } from "./stack.ts";

/** What AWS takes, in characters of JSON: a bus's policy, a role's inline policies together, a function's environment. */
const LIMITS = { "the bus's policy": 10_240, "a role's policies": 10_240, "a function's environment": 4_096 } as const;

type Resources = Readonly<Record<string, Json>>;

/**
 * Refuses a stack that names more accounts than AWS has room for, before a deployment is half done. Lengths are those of what intrinsics will stand for, about.
 *
 * @param environment the functions' variables
 * @throws Error that says which room is too small, and what to do
 */
export function checkAccountsFit({ accounts, organization }: Stack, resources: Resources, environment: Json): void {
  const ofType = (type: string) =>
    Object.values(resources).flatMap(({ Type, Properties }) => (Type === type ? [Properties as Json] : []));
  const lengths: Readonly<Record<keyof typeof LIMITS, readonly number[]>> = {
    "the bus's policy": ofType("AWS::Events::EventBusPolicy").map(({ Statement }) => lengthOf([Statement])),
    "a role's policies": ofType("AWS::IAM::Role").map(({ Policies }) => lengthOf(Policies)),
    "a function's environment": [lengthOf(environment)],
  };
  const tooLong = Object.entries(LIMITS).flatMap(([what, limit]) => {
    const length = Math.max(0, ...lengths[what as keyof typeof LIMITS]);
    return length > limit ? [`${what} would be ${length} characters long, and AWS takes ${limit}`] : [];
  });
  if (tooLong.length === 0) return;
  const advice = organization === undefined ? "set CORDON_ORGANIZATION instead" : "CORDON_ORGANIZATION is enough";
  throw new Error(
    `CORDON_ACCOUNTS names ${accounts.length} accounts, too many to name each: ${tooLong.join("; ")}. Expected fewer, or ${advice}, which lets in all accounts of an organisation.`,
  );
}

/** How long an intrinsic's value is, about: an ARN of the stack, or a text with partition, Region and account filled in. */
const ARN = "arn:aws:service:eu-central-1:111122223333:kind/".padEnd(90, "x");

function lengthOf(value: unknown): number {
  return JSON.stringify(filledIn(value)).length;
}

function filledIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filledIn);
  if (typeof value !== "object" || value === null) return value;
  if ("Fn::GetAtt" in value || "Ref" in value) return ARN;
  if ("Fn::Sub" in value) {
    return String(value["Fn::Sub"])
      .replaceAll("${AWS::Partition}", "aws")
      .replaceAll("${AWS::Region}", "ap-southeast-1")
      .replaceAll("${AWS::AccountId}", "111122223333")
      .replaceAll(/\$\{[^}]+\}/g, ARN);
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, filledIn(member)]));
}
