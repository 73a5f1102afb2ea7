import { ServiceError } from "../errors.ts";
import type { Permission, Service } from "../operation.ts";
import type { Registry, StackResource } from "../stack/registry.ts";
import { CLOUD_CONTROL_TYPES, type CloudControlType } from "./cloud-control-types.ts";
import type { Caller, ControlService } from "./control-service.ts";
import { type Input, readText, requireText } from "./input.ts";
import { createJsonService } from "./json-protocol.ts";
import { isPendingDeletion } from "./kms-keys.ts";
import { takePage } from "./page.ts";
import { arnOfIdentifier } from "./resource-arns.ts";

/**
 * GetResource and ListResources. AWS asks the caller for Cloud Control's own action and for what the type's handler calls,
 * both with the caller's credentials. Members that are encrypted or asked of other services are as configured.
 */
export function createCloudControl(registry: Registry, createId: () => string): Service {
  const find = (input: Input, { account, region }: Caller): StackResource | undefined => {
    const resource = registry.find(requireText(input, "TypeName"), requireText(input, "Identifier"), account, region);
    return resource && !isPendingDeletion(resource) ? resource : undefined;
  };
  const service: ControlService = {
    name: "cloudcontrolapi",
    nameOf: (input) => readText(input, "Identifier") ?? "",
    arnOf: () => "*",
    handlers: {
      GetResource: {
        permissions(input, caller) {
          const missing = arnOfIdentifier(
            readText(input, "TypeName") ?? "",
            readText(input, "Identifier") ?? "",
            caller,
          );
          return ask(caller, "GetResource", typeOf(input)?.read, find(input, caller)?.arn ?? missing);
        },
        run(input, caller) {
          const type = requireHandler(input, "read");
          const resource = find(input, caller);
          if (resource) {
            return { TypeName: resource.type, ResourceDescription: describeResource(resource, type, registry) };
          }
          throw new ServiceError(
            "ResourceNotFoundException",
            `${input.TypeName} Handler returned status FAILED: Resource ${input.Identifier} was not found (HandlerErrorCode: NotFound, RequestToken: ${createId()})`,
            400,
          );
        },
      },
      ListResources: {
        permissions: (input, caller) => ask(caller, "ListResources", typeOf(input)?.list),
        run(input, caller) {
          const type = requireHandler(input, "list");
          const TypeName = requireText(input, "TypeName");
          // A role belongs to no Region.
          const filter = TypeName === "AWS::IAM::Role" ? { account: caller.account } : caller;
          const all = registry.list(TypeName, filter).filter((resource) => !isPendingDeletion(resource));
          const { items, next } = takePage(all, input.NextToken, input.MaxResults, "InvalidRequestException");
          const ResourceDescriptions = items.map((resource) => describeResource(resource, type, registry));
          return { TypeName, ResourceDescriptions, ...(next && { NextToken: next }) };
        },
      },
    },
  };
  return createJsonService(service, "1.0");
}

/** Actions of handlers that AWS knows no resource for. */
const WITHOUT_RESOURCE: ReadonlySet<string> = new Set([
  "cloudtrail:DescribeTrails",
  "cloudtrail:ListTrails",
  "kms:ListAliases",
  "logs:DescribeIndexPolicies",
  "logs:DescribeLogGroups",
  "logs:DescribeResourcePolicies",
]);

function ask({ account }: Caller, operation: string, handler: readonly string[] = [], resource = "*"): Permission[] {
  return [
    { action: `cloudformation:${operation}`, resource: "*", account },
    ...handler.map((action) => ({ action, resource: WITHOUT_RESOURCE.has(action) ? "*" : resource, account })),
  ];
}

function typeOf(input: Input): CloudControlType | undefined {
  const name = readText(input, "TypeName") ?? "";
  return Object.hasOwn(CLOUD_CONTROL_TYPES, name) ? CLOUD_CONTROL_TYPES[name] : undefined;
}

function requireHandler(input: Input, handler: "read" | "list"): CloudControlType {
  const type = typeOf(input);
  if (!type) {
    throw new ServiceError("NotImplemented", `The sandbox does not know the resource type ${input.TypeName}`, 501);
  }
  if (type[handler]) return type;
  throw new ServiceError(
    "UnsupportedActionException",
    `Resource type ${input.TypeName} does not support ${handler.toUpperCase()} action`,
    400,
  );
}

function describeResource(resource: StackResource, { writeOnly = [], shown }: CloudControlType, registry: Registry) {
  const configured = Object.fromEntries(
    Object.entries(resource.properties).filter(([name]) => !writeOnly.includes(name)),
  );
  const Properties = JSON.stringify({ ...shown?.(resource, registry), ...configured });
  return { Identifier: resource.identifier, Properties };
}
