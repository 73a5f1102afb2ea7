import { ServiceError } from "./errors.ts";
import { type CallContext, failure, type Service, type WireResponse } from "./operation.ts";
import type { PrincipalRegistry } from "./principals.ts";
import { escapeXml } from "./s3/wire.ts";

const SESSION_MS = 3_600_000;

/** GetCallerIdentity and AssumeRole; every role trusts everybody unless `sts:AssumeRole` is denied. */
export function createSts(principals: PrincipalRegistry): Service {
  const handlers: Record<string, (input: URLSearchParams, context: CallContext) => string> = {
    GetCallerIdentity: (_input, { principal }) =>
      `<Arn>${escapeXml(principal.arn)}</Arn><UserId>${principal.principalId}</UserId><Account>${principal.account}</Account>`,
    AssumeRole(input, { at, principal }) {
      const [, account, name] =
        /^arn:aws[a-z-]*:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(input.get("RoleArn") ?? "") ?? [];
      const sessionName = input.get("RoleSessionName");
      if (!account || !name || !sessionName) {
        throw new ServiceError("ValidationError", "RoleArn and RoleSessionName are expected", 400);
      }
      const { credentials, arn, principalId } = principals.create(
        { type: "AssumedRole", name, account, sessionName },
        // A container is still the same process when it calls as another role: faults must find it.
        principal.container && principal.functionName
          ? { container: principal.container, functionName: principal.functionName }
          : undefined,
      );
      const lifetimeMs = Number(input.get("DurationSeconds") ?? SESSION_MS / 1000) * 1000;
      return `<Credentials><AccessKeyId>${credentials.accessKeyId}</AccessKeyId><SecretAccessKey>${credentials.secretAccessKey}</SecretAccessKey><SessionToken>${credentials.sessionToken}</SessionToken><Expiration>${new Date(at + lifetimeMs).toISOString()}</Expiration></Credentials><AssumedRoleUser><Arn>${escapeXml(arn)}</Arn><AssumedRoleId>${principalId}</AssumedRoleId></AssumedRoleUser>`;
    },
  };
  return {
    name: "sts",
    throttled: failure("Throttling", "Rate exceeded", 400),
    broken: failure("InternalFailure", "The request processing has failed because of an unknown error.", 500),
    unknownKey: failure("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
    fail: ({ code, message, status, headers }, requestId) =>
      answer(
        status,
        `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
        headers,
      ),
    parse(request) {
      const input = new URLSearchParams(request.body.toString("utf8"));
      const name = input.get("Action") ?? "";
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (!handler) throw new ServiceError("InvalidAction", `The sandbox does not implement sts ${name}`, 400);
      return {
        name,
        resource: input.get("RoleArn") ?? "",
        input: Object.fromEntries(input),
        // GetCallerIdentity needs no permission and can't be denied.
        actions: name === "GetCallerIdentity" ? [] : [`sts:${name}`],
        mutating: false,
        execute: (context) =>
          answer(
            200,
            `<${name}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${name}Result>${handler(input, context)}</${name}Result><ResponseMetadata><RequestId>${context.requestId}</RequestId></ResponseMetadata></${name}Response>`,
            {},
          ),
      };
    },
  };
}

function answer(status: number, body: string, headers: Record<string, string>): WireResponse {
  return { status, headers: { "content-type": "text/xml", ...headers }, body };
}
