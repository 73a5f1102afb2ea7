import { placeOfObject, S3_OBJECT } from "../signals/s3-bucket-ref.ts";
import type { ResourceRef } from "../types.ts";

/** The bucket in which a stack keeps its evidence. Pure. */
export function evidenceBucketName(stack: string, account: string, region: string): string {
  return `${stack}-evidence-${account}-${region}`;
}

/** Why an event is about nothing that a function has to look at; undefined: it has. */
export type Overlooks = (resource: ResourceRef, ownAccount: string | undefined) => string | undefined;

/**
 * Overlooks objects of the cell's own evidence: each tag that is written leaves an object there, which would be tagged in its turn, and so on for ever. It goes by the
 * name that the stack gives its bucket, which nobody else can have, and by the one in CORDON_EVIDENCE_BUCKET.
 */
export function overlooksEvidence(env: Readonly<Record<string, string | undefined>>): Overlooks {
  const { CORDON_STACK: stack = "", CORDON_EVIDENCE_BUCKET: named, AWS_REGION: region = "" } = env;
  return (resource, ownAccount) => {
    if (resource.type !== S3_OBJECT) return undefined;
    const { name } = placeOfObject(resource).bucket;
    const isOwn =
      name === named || (ownAccount !== undefined && name === evidenceBucketName(stack, ownAccount, region));
    return isOwn ? "it is Cordon's own evidence, which nobody tags" : undefined;
  };
}
