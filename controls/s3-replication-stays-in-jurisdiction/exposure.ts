import type { Ports } from "../../shared/control.ts";
import type { Exposure, ExposureWindow, Finding, TransferFacts } from "../../shared/types.ts";

/**
 * What a rule may have sent away while it was on, from a listing of its bucket: replication copies what is written, so what was last written in that time
 * is what may have crossed. Reads only.
 *
 * @returns undefined for a finding that is about no transfer, and for a time that ends before it begins; `isUnreadable` when AWS refuses the listing
 * @throws CordonError as `countObjects` does
 */
export async function exposure(
  { facts, resource }: Finding,
  { s3 }: Ports,
  window: ExposureWindow,
): Promise<Exposure | undefined> {
  // Two clocks may disagree, and a time may be missing, which is NaN here.
  if (facts.kind !== "transfer" || !(window.fromMs <= window.toMs)) return undefined;
  const time = { from: iso(window.fromMs), to: iso(window.toMs) };
  const count = await s3.countObjects(resource, facts.prefix ?? "", window);
  if ("unreadable" in count) {
    const basis = `It is not known what crossed: the bucket's objects can't be listed (${count.unreadable}).`;
    return { ...time, objects: 0, bytes: 0, isAll: false, isUnreadable: true, basis };
  }
  const { objects, bytes, firstMs, lastMs, isAll, looked } = count;
  return {
    ...time,
    objects,
    bytes,
    ...(firstMs !== undefined && { firstAt: iso(firstMs) }),
    ...(lastMs !== undefined && { lastAt: iso(lastMs) }),
    isAll,
    basis: basisOf(facts, isAll ? undefined : looked),
  };
}

/** @param looked how many objects were looked at, when those are not all */
function basisOf({ prefix, tags }: TransferFacts, looked: number | undefined): string {
  const where = prefix === undefined ? "the bucket" : "what lies below the rule's prefix";
  const sentences = [
    `Estimated from a listing of ${where}, made afterwards: what is there now and was last written in that time, to the second.`,
    "Too high by what S3 did not replicate;",
    "too low by what has been overwritten or deleted since, by uploads in parts that began before that time, and by older objects that S3 Batch Replication sent.",
  ];
  if (tags.length > 0)
    sentences.push(
      "The rule sends only objects that carry its tags, which a listing doesn't show: of those looked at, at most so many moved.",
    );
  if (looked !== undefined)
    sentences.push(
      `Only the first ${looked.toLocaleString("en-US")} objects, in the order of their keys, were looked at: there may be more.`,
    );
  return sentences.join(" ");
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
