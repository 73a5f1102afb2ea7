import fc from "fast-check";
import { anyText } from "./any-text.ts";

/** Turns a value into something else, whatever it was. */
type Mutation = { readonly kind: string; readonly at: number; readonly value: unknown };

const nested = (depth: number): unknown => JSON.parse(`${'{"Records":['.repeat(depth)}{}${"]}".repeat(depth)}`);
export const oddities: readonly unknown[] = [
  null,
  true,
  0,
  -1.5e308,
  "",
  " ",
  [],
  {},
  [[]],
  "offending",
  "compliant",
  "foreign",
  "oregon",
  "no-such-bucket",
  "arn:aws:s3:::foreign",
  "arn:aws:s3:::compliant/key",
  "arn:aws:s3:us-west-2:111122223333:accesspoint/offending",
  "../offending",
  "offending?tagging",
  "444455556666",
  "us-west-2",
  "eu-central-1",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "s3.amazonaws.com",
  "iam.amazonaws.com",
  "PutBucketReplication",
  "AccessDenied",
  "aws:sqs",
  "Notification",
  "2026-99-99T99:99:99Z",
  "\ud800",
  "a\udfffb",
  "\u0000",
  "x".repeat(200_000),
  "{".repeat(50_000),
  JSON.parse('{"__proto__":{"bucketName":"foreign","errorCode":null}}'),
  nested(40),
  nested(2_000),
];
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...oddities) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: anyText() },
);
export const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom("delete", "replace", "replace", "retype", "rename", "add", "surround"),
  at: fc.nat(10_000),
  value,
});

type Place = { readonly holder: Record<string, unknown>; readonly key: string };

const MAX_PLACES = 5_000;

/** Without recursion: values may be nested deeper than calls can be. */
function placesIn(root: Record<string, unknown>): Place[] {
  const places: Place[] = [];
  const holders: unknown[] = [root];
  for (let holder = holders.pop(); holder !== undefined && places.length < MAX_PLACES; holder = holders.pop()) {
    if (typeof holder !== "object" || holder === null) continue;
    for (const [key, member] of Object.entries(holder)) {
      places.push({ holder: holder as Record<string, unknown>, key });
      if (typeof member === "object" && member !== null) holders.push(member);
    }
  }
  return places;
}

function retyped(was: unknown): unknown {
  if (Array.isArray(was)) return was[0] ?? {};
  if (typeof was === "object" && was !== null) return JSON.stringify(was);
  if (typeof was === "string") return [was];
  return String(was);
}

/** Sets an own property, also one named `__proto__`. */
function put(holder: Record<string, unknown>, key: string, member: unknown): void {
  Object.defineProperty(holder, key, { value: member, enumerable: true, configurable: true, writable: true });
}

/** `event` after the mutations, which may hit any node of it. */
export function mutated(event: unknown, mutations: readonly Mutation[]): unknown {
  const root = { event: structuredClone(event) };
  for (const { kind, at, value } of mutations) {
    const places = placesIn(root).slice(1);
    const place = places[at % Math.max(places.length, 1)];
    if (place === undefined) break;
    const { holder, key } = place;
    const was = holder[key];
    if (kind === "delete") delete holder[key];
    if (kind === "replace") put(holder, key, value);
    if (kind === "retype") put(holder, key, retyped(was));
    if (kind === "surround") put(holder, key, { [typeof value === "string" ? value.slice(0, 20) : "inner"]: was });
    if (kind === "add") put(holder, typeof value === "string" ? value.slice(0, 1_000) : "more", value);
    if (kind === "rename" && !Array.isArray(holder)) {
      delete holder[key];
      put(holder, typeof value === "string" ? value : `${key}s`, was);
    }
  }
  return root.event;
}
