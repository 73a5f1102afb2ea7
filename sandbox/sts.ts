import { ServiceError } from "./errors.ts";
import { rolePolicies } from "./iam/role-policies.ts";
import { type CallContext, failure, type Permission, type Service, type WireResponse } from "./operation.ts";
import type { PrincipalRegistry } from "./principals.ts";
import { escapeXml } from "./s3/wire.ts";
import type { Registry } from "./stack/registry.ts";

type Input = Readonly<Record<string, string>>;
interface Handler {
  /** The parameters it acts on; others are refused. */
  parameters: readonly string[];
  permissions(input: Input): Permission[];
  run(input: Input, context: CallContext): string;
}

const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";
const HOUR_SECONDS = 3600;
const MIN_SECONDS = 900;
const MAX_SECONDS = 43_200;

/**
 * GetCallerIdentity and AssumeRole. A role's trust policy, its policies and the length of its sessions come from
 * `registry`; in an account without any role there, every role exists, trusts everybody and may do everything.
 */
export function createSts(principals: PrincipalRegistry, registry: Registry): Service {
  const handlers: Record<string, Handler> = {
    GetCallerIdentity: {
      parameters: [],
      // Needs no permission and can't be denied.
      permissions: () => [],
      run: (_input, { principal }) =>
        `<Arn>${escapeXml(principal.arn)}</Arn><UserId>${principal.principalId}</UserId><Account>${principal.account}</Account>`,
    },
    AssumeRole: {
      parameters: ["RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds"],
      permissions: (input) => [permissionToAssume(input)],
      run: (input, context) => assumeRole(principals, registry, input, context),
    },
  };
  return {
    name: "sts",
    throttled: failure("Throttling", "Rate exceeded", 400),
    broken: failure("InternalFailure", "The request processing has failed because of an unknown error.", 500),
    unknownKey: failure("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
    expired: failure("ExpiredToken", "The security token included in the request is expired", 403),
    fail: ({ code, message, status, headers }, requestId) =>
      answer(
        status,
        `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
        headers,
      ),
    parse(request) {
      const {
        Action: name = "",
        Version: _,
        ...input
      } = Object.fromEntries(new URLSearchParams(request.body.toString("utf8")));
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (!handler) throw new ServiceError("InvalidAction", `The sandbox does not implement sts ${name}`, 400);
      const unknown = Object.keys(input).find((parameter) => !handler.parameters.includes(parameter));
      if (unknown) throw invalid(`The sandbox does not implement ${unknown} of sts ${name}`);
      const permissions = handler.permissions(input);
      return {
        name,
        resource: input.RoleArn ?? "",
        input,
        actions: permissions.map(({ action }) => action),
        permissions: () => permissions,
        mutating: false,
        execute: (context) =>
          answer(
            200,
            `<${name}Response xmlns="${NAMESPACE}"><${name}Result>${handler.run(input, context)}</${name}Result><ResponseMetadata><RequestId>${context.requestId}</RequestId></ResponseMetadata></${name}Response>`,
            {},
          ),
      };
    },
  };
}

function permissionToAssume({ RoleArn = "", RoleSessionName = "", ExternalId }: Input): Permission {
  return {
    action: "sts:AssumeRole",
    resource: RoleArn,
    account: readRoleArn(RoleArn).account,
    keys: {
      "sts:RoleSessionName": RoleSessionName,
      ...(ExternalId === undefined ? {} : { "sts:ExternalId": ExternalId }),
    },
  };
}

function assumeRole(
  principals: PrincipalRegistry,
  registry: Registry,
  { RoleArn = "", RoleSessionName: sessionName = "", DurationSeconds }: Input,
  { at, principal }: CallContext,
): string {
  const { account, name } = readRoleArn(RoleArn);
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
    throw invalid(`Value '${sessionName}' at 'roleSessionName' failed to satisfy constraint: [\\w+=,.@-]{2,64}`);
  }
  const role = registry.find("AWS::IAM::Role", name, account, "");
  const seconds = DurationSeconds === undefined ? HOUR_SECONDS : Number(DurationSeconds);
  checkDuration(seconds, Number(role?.properties.MaxSessionDuration ?? HOUR_SECONDS), principal.type === "AssumedRole");
  const expiresAt = at + seconds * 1000;
  const { credentials, arn, principalId } = principals.create(
    {
      type: "AssumedRole",
      name,
      account,
      sessionName,
      expiresAt,
      policies: () => rolePolicies(registry, account, name),
    },
    // A container is still the same process when it calls as another role: faults must find it.
    principal.container && principal.functionName
      ? { container: principal.container, functionName: principal.functionName }
      : undefined,
  );
  return `<Credentials><AccessKeyId>${credentials.accessKeyId}</AccessKeyId><SecretAccessKey>${credentials.secretAccessKey}</SecretAccessKey><SessionToken>${credentials.sessionToken}</SessionToken><Expiration>${new Date(expiresAt).toISOString()}</Expiration></Credentials><AssumedRoleUser><Arn>${escapeXml(arn)}</Arn><AssumedRoleId>${principalId}</AssumedRoleId></AssumedRoleUser>`;
}

function checkDuration(seconds: number, roleMaximum: number, isChained: boolean): void {
  const refuse = (bound: string): ServiceError =>
    invalid(
      `1 validation error detected: Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value ${bound}`,
    );
  if (!(seconds >= MIN_SECONDS)) throw refuse(`greater than or equal to ${MIN_SECONDS}`);
  if (seconds > MAX_SECONDS) throw refuse(`less than or equal to ${MAX_SECONDS}`);
  if (isChained && seconds > HOUR_SECONDS) {
    throw invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining");
  }
  if (seconds > roleMaximum) {
    throw invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
}

function readRoleArn(arn: string): { account: string; name: string } {
  const [, account, name] = /^arn:aws[a-z-]*:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (account === undefined || name === undefined) throw invalid(`${arn || "RoleArn"} is invalid`);
  return { account, name };
}

function invalid(message: string): ServiceError {
  return new ServiceError("ValidationError", message, 400);
}

function answer(status: number, body: string, headers: Record<string, string>): WireResponse {
  return { status, headers: { "content-type": "text/xml", ...headers }, body };
}
