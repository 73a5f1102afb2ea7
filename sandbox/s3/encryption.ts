import { isPendingDeletion } from "../control-plane/kms-keys.ts";
import { ServiceError } from "../errors.ts";
import type { Permission } from "../operation.ts";
import type { Bucket, S3State } from "./state.ts";

/**
 * ARN of the key an upload is encrypted with: the one its headers name, else the bucket's. Undefined for keys of S3's own or
 * the customer's, which nobody needs a permission for.
 */
export function keyArnFor(state: S3State, bucket: Bucket, input: Record<string, unknown>): string | undefined {
  const { ServerSideEncryption: algorithm, SSEKMSKeyId: asked } = input;
  if (input.SSECustomerAlgorithm !== undefined) return undefined;
  if (algorithm !== undefined && algorithm !== "aws:kms") return undefined;
  const key = asked ?? bucket.kmsKey;
  return key === undefined ? undefined : resolveKey(state, bucket, String(key));
}

/** What S3 does with the key in the caller's name. */
export function keyPermission(action: "kms:GenerateDataKey" | "kms:Decrypt", keyArn: string): Permission {
  const { account, region } = readKeyArn(keyArn);
  return { action, resource: keyArn, account, keys: { "kms:ViaService": `s3.${region}.amazonaws.com` } };
}

/**
 * Refuse a key that can't be used: disabled, about to be deleted, or not there. Where the registry has no key of that
 * account and Region at all, every key is taken to be there. Throws what S3 passes on from KMS.
 */
export function checkKey({ registry }: S3State, keyArn: string): void {
  const { account, region } = readKeyArn(keyArn);
  const keys = registry.list("AWS::KMS::Key", { account, region });
  if (keys.length === 0) return;
  const key = keys.find(({ arn }) => arn === keyArn);
  if (!key) throw new ServiceError("KMS.NotFoundException", `Key '${keyArn}' does not exist`, 400);
  if (isPendingDeletion(key)) {
    throw new ServiceError("KMS.KMSInvalidStateException", `${keyArn} is pending deletion.`, 400);
  }
  if (key.properties.Enabled === false) throw new ServiceError("KMS.DisabledException", `${keyArn} is disabled.`, 400);
}

function resolveKey({ registry }: S3State, { account, region }: Bucket, key: string): string {
  const aliasName = /(?:^|:)(alias\/.+)$/.exec(key)?.[1];
  const target = aliasName && registry.find("AWS::KMS::Alias", aliasName, account, region)?.properties.TargetKeyId;
  const id = target === undefined ? key : String(target);
  return id.startsWith("arn:") ? id : `arn:aws:kms:${region}:${account}:key/${id}`;
}

function readKeyArn(arn: string): { region: string; account: string } {
  const [, , , region = "", account = ""] = arn.split(":");
  return { region, account };
}
