import { ServiceError } from "../errors.ts";
import type { Service } from "../operation.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import type { Caller, ControlHandler, ControlService } from "./control-service.ts";
import { type Input, parseObject, readText, requireText } from "./input.ts";
import { createJsonService } from "./json-protocol.ts";
import { takePage } from "./page.ts";

const KEY = "AWS::KMS::Key";
const ALIAS = "AWS::KMS::Alias";
const DAY_MS = 86_400_000;

/** Whether a key waits for its deletion. CloudFormation has no property for it: `DeletionDate`, epoch ms, stands beside the others. */
export function isPendingDeletion({ type, properties }: StackResource): boolean {
  return type === KEY && properties.DeletionDate !== undefined;
}

/** Keys and aliases as they are administered. Nothing is encrypted here. */
export function createKms(registry: Registry): Service {
  const seek = (keyId: string, caller: Caller): StackResource | undefined => {
    const [, , , region = caller.region, account = caller.account, tail] = keyId.split(":");
    const name = tail ?? keyId;
    if (!name.startsWith("alias/")) return registry.find(KEY, name.replace(/^key\//, ""), account, region);
    const target = registry.find(ALIAS, name, account, region)?.properties.TargetKeyId;
    return typeof target === "string" ? seek(target, caller) : undefined;
  };
  const find = (input: Input, caller: Caller): StackResource => {
    const keyId = requireText(input, "KeyId");
    const key = seek(keyId, caller);
    if (key) return key;
    const kind = keyId.includes("alias/") ? "Alias" : "Key";
    throw new ServiceError("NotFoundException", `${kind} '${keyArn(keyId, caller)}' does not exist`, 400);
  };
  const change = (
    apply: (key: StackResource, input: Input, caller: Caller) => Record<string, unknown>,
    from: "alive" | "pending deletion" = "alive",
  ): ControlHandler => ({
    mutating: true,
    run(input, caller) {
      const key = find(input, caller);
      if (isPendingDeletion(key) !== (from === "pending deletion")) {
        const state = isPendingDeletion(key) ? "is pending deletion." : "is not pending deletion.";
        throw new ServiceError("KMSInvalidStateException", `${key.arn} ${state}`, 400);
      }
      const answer = apply(key, input, caller);
      registry.changed(key);
      return answer;
    },
  });
  const enable = (on: boolean): ControlHandler =>
    change((key) => {
      key.properties.Enabled = on;
      return {};
    });
  const service: ControlService = {
    name: "kms",
    nameOf: (input) => readText(input, "KeyId") ?? "",
    arnOf: (input, caller) => {
      const keyId = readText(input, "KeyId") ?? "";
      return seek(keyId, caller)?.arn ?? keyArn(keyId, caller);
    },
    trailResources: (input, caller) => {
      const keyId = readText(input, "KeyId") ?? "";
      const ARN = seek(keyId, caller)?.arn ?? keyArn(keyId, caller);
      return [{ accountId: caller.account, type: KEY, ARN }];
    },
    handlers: {
      DescribeKey: { run: (input, caller) => ({ KeyMetadata: describeKey(find(input, caller)) }) },
      GetKeyPolicy: {
        run: (input, caller) => ({
          PolicyName: "default",
          Policy: JSON.stringify(find(input, caller).properties.KeyPolicy ?? {}),
        }),
      },
      DisableKey: enable(false),
      EnableKey: enable(true),
      ScheduleKeyDeletion: change((key, input, { at }) => {
        const days = Number(input.PendingWindowInDays ?? 30);
        key.properties.DeletionDate = at + days * DAY_MS;
        key.properties.Enabled = false;
        const DeletionDate = Number(key.properties.DeletionDate) / 1000;
        return { KeyId: key.arn, DeletionDate, KeyState: "PendingDeletion", PendingWindowInDays: days };
      }),
      // The key is disabled afterwards, whatever it was before.
      CancelKeyDeletion: change((key) => {
        delete key.properties.DeletionDate;
        return { KeyId: key.arn };
      }, "pending deletion"),
      PutKeyPolicy: change((key, input) => {
        key.properties.KeyPolicy = parseObject(requireText(input, "Policy"), "MalformedPolicyDocumentException");
        return {};
      }),
      ListAliases: {
        arn: () => "*",
        run(input, caller) {
          const key = readText(input, "KeyId") ? find(input, caller).identifier : undefined;
          const aliases = registry
            .list(ALIAS, caller)
            .map((alias) => ({
              AliasName: alias.identifier,
              AliasArn: alias.arn,
              TargetKeyId: seek(String(alias.properties.TargetKeyId), caller)?.identifier,
            }))
            .filter(({ TargetKeyId }) => key === undefined || key === TargetKeyId);
          const { items, next } = takePage(aliases, input.Marker, input.Limit, "InvalidMarkerException");
          return { Aliases: items, Truncated: next !== undefined, ...(next && { NextMarker: next }) };
        },
      },
    },
  };
  return createJsonService(service, "1.1");
}

function keyArn(keyId: string, { account, region }: Caller): string {
  if (keyId.startsWith("arn:")) return keyId;
  return `arn:aws:kms:${region}:${account}:${keyId.startsWith("alias/") ? keyId : `key/${keyId}`}`;
}

function describeKey({ identifier, arn, account, properties }: StackResource): Record<string, unknown> {
  const { DeletionDate, Description = "", KeySpec = "SYMMETRIC_DEFAULT", KeyUsage = "ENCRYPT_DECRYPT" } = properties;
  const isEnabled = properties.Enabled !== false;
  const isPending = typeof DeletionDate === "number";
  return {
    AWSAccountId: account,
    KeyId: identifier,
    Arn: arn,
    Description,
    Enabled: isEnabled && !isPending,
    KeyState: isPending ? "PendingDeletion" : isEnabled ? "Enabled" : "Disabled",
    ...(isPending && { DeletionDate: DeletionDate / 1000 }),
    KeySpec,
    KeyUsage,
    KeyManager: "CUSTOMER",
    Origin: "AWS_KMS",
    MultiRegion: properties.MultiRegion ?? false,
  };
}
