import { fileURLToPath } from "node:url";
import { CloudControlClient, GetResourceCommand, ListResourcesCommand } from "@aws-sdk/client-cloudcontrol";
import { DeleteFunctionCommand, GetFunctionUrlConfigCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Statement } from "../../sandbox/iam/policy.ts";
import { type Principal, type Sandbox, startSandbox, type Template } from "../../sandbox/index.ts";
import { clientConfig, failureOf, type SignedRequest, send, signRequest } from "./clients.ts";

const ARN = "arn:aws:lambda:eu-central-1:111122223333:function:web";
const CELL = "111122223333";
const MEMBER = "999999999999";
const FORBIDDEN = { status: 403, text: '{"Message":"Forbidden"}' };
/** As osls 4.3.1 packages `url: { authorizer: aws_iam }`. */
const TEMPLATE: Template = {
  Resources: {
    WebLambdaFunction: {
      Type: "AWS::Lambda::Function",
      Properties: { FunctionName: "web", Handler: "index.handler", Timeout: 5 },
    },
    WebLambdaFunctionUrl: {
      Type: "AWS::Lambda::Url",
      Properties: { AuthType: "AWS_IAM", TargetFunctionArn: { "Fn::GetAtt": ["WebLambdaFunction", "Arn"] } },
    },
  },
  Outputs: { WebLambdaFunctionUrl: { Value: { "Fn::GetAtt": ["WebLambdaFunctionUrl", "FunctionUrl"] } } },
};
const bundleOf = () => fileURLToPath(new URL("./functions/web.ts", import.meta.url));

let sandbox: Sandbox;
let url: string;
beforeEach(async () => {
  sandbox = await startSandbox({
    startAt: Date.parse("2030-01-02T03:04:05Z"),
    organization: { id: "o-example", accounts: [CELL] },
  });
  url = String(sandbox.deployTemplate(TEMPLATE, { bundleOf }).outputs.WebLambdaFunctionUrl);
});
afterEach(() => sandbox.close());

const user = (...Statement: Statement[]) =>
  sandbox.createPrincipal({ type: "IAMUser", name: "operator", policies: () => [{ Statement }] });
const signed = (
  request: Partial<SignedRequest> & { path?: string } = {},
  options: { principal?: Principal; service?: string; region?: string; at?: number } = {},
) => {
  const { path = "", ...more } = request;
  const headers = { "content-type": "application/json" };
  return signRequest(sandbox, { method: "POST", url: url + path, headers, ...more }, { service: "lambda", ...options });
};
const call = async (...given: Parameters<typeof signed>) => send(await signed(...given));

describe("a request to a function URL", () => {
  it("reaches the function as an event that says who signed it", async () => {
    const operator = sandbox.createPrincipal({ type: "AssumedRole", name: "operator", sessionName: "ann" });
    const path = "event?a=1&a=2&b=%C3%A4";

    const { status, text } = await call({ path, body: '{"ü":1}' }, { principal: operator });

    expect(status).toBe(200);
    const host = new URL(url).host;
    expect(JSON.parse(text)).toEqual({
      version: "2.0",
      routeKey: "$default",
      rawPath: "/event",
      rawQueryString: "a=1&a=2&b=%C3%A4",
      headers: expect.objectContaining({
        host,
        "content-type": "application/json",
        "x-amz-date": expect.any(String),
        "x-amz-security-token": operator.credentials.sessionToken,
        "x-forwarded-proto": "https",
      }),
      queryStringParameters: { a: "1,2", b: "ä" },
      requestContext: {
        accountId: CELL,
        apiId: "web",
        authentication: null,
        authorizer: {
          iam: {
            accessKey: operator.credentials.accessKeyId,
            accountId: CELL,
            callerId: operator.principalId,
            cognitoIdentity: null,
            principalOrgId: "o-example",
            userArn: "arn:aws:sts::111122223333:assumed-role/operator/ann",
            userId: operator.principalId,
          },
        },
        domainName: host,
        domainPrefix: "web",
        http: {
          method: "POST",
          path: "/event",
          protocol: "HTTP/1.1",
          sourceIp: "127.0.0.1",
          userAgent: expect.any(String),
        },
        requestId: sandbox.calls[0]?.requestId,
        routeKey: "$default",
        stage: "$default",
        time: expect.stringMatching(/^02\/Jan\/2030:03:04:\d\d \+0000$/),
        timeEpoch: expect.any(Number),
      },
      body: '{"ü":1}',
      isBase64Encoded: false,
    });
    expect(JSON.parse(text).headers).not.toHaveProperty("authorization");
  });

  it("has no body when it has none, and base64 when it is not text", async () => {
    expect(JSON.parse((await call({ method: "GET", path: "event" })).text)).not.toHaveProperty("body");
    const headers = { "content-type": "application/octet-stream" };
    expect(JSON.parse((await call({ path: "event", headers, body: "ab" })).text)).toMatchObject({
      body: "YWI=",
      isBase64Encoded: true,
    });
  });

  it.each<[string, unknown, { status: number; type?: string; text: string }]>([
    ["a text", "hello", { status: 200, type: "application/json", text: '"hello"' }],
    ["an object", { message: "hello" }, { status: 200, type: "application/json", text: '{"message":"hello"}' }],
    ["nothing", null, { status: 200, text: "null" }],
    [
      "a response",
      { statusCode: 409, headers: { "Content-Type": "text/plain" }, body: "taken" },
      { status: 409, type: "text/plain", text: "taken" },
    ],
    ["a response in base64", { statusCode: 200, body: "YWI=", isBase64Encoded: true }, { status: 200, text: "ab" }],
    ["a response without a body", { statusCode: 204 }, { status: 204, text: "" }],
    ["no status", { statusCode: "no" }, { status: 502, text: '{"Message":"Internal Server Error"}' }],
  ])("is answered with %s", async (_name, answer, { type, ...expected }) => {
    const response = await call({ body: JSON.stringify(answer) });

    expect(response).toMatchObject(expected);
    if (type) expect(response.headers.get("content-type")).toBe(type);
  });

  it("gets each cookie in a header of its own", async () => {
    const { headers } = await call({ body: JSON.stringify({ statusCode: 200, cookies: ["a=1", "b=2"] }) });

    expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  it("isn't told what the function failed of, nor that it is throttled for good", async () => {
    expect(await call({ path: "throw" })).toMatchObject({ status: 502, text: '{"Message":"Internal Server Error"}' });
    const fn = sandbox.registry.find("AWS::Lambda::Function", "web", CELL, "eu-central-1");
    Object.assign(fn?.properties ?? {}, { ReservedConcurrentExecutions: 0 });
    expect(await call()).toMatchObject({ status: 429 });
    expect(sandbox.calls.map(({ status, errorCode }) => [status, errorCode])).toEqual([
      [502, "InternalServerErrorException"],
      [429, "TooManyRequestsException"],
    ]);
  });

  it("is recorded with both permissions, meets faults, and leaves no CloudTrail event", async () => {
    sandbox.faults.inject({ operation: "InvokeFunctionUrl", resource: "web", kind: "server-error" });

    expect(await call()).toMatchObject({ status: 500 });
    expect(await call()).toMatchObject({ status: 200 });

    const about = { resource: ARN, account: CELL };
    expect(sandbox.calls).toMatchObject([
      { operation: "InvokeFunctionUrl", fault: "server-error" },
      {
        service: "lambda",
        operation: "InvokeFunctionUrl",
        resource: "web",
        principal: "arn:aws:iam::111122223333:user/sandbox-admin",
        permissions: [
          { action: "lambda:InvokeFunctionUrl", ...about },
          { action: "lambda:InvokeFunction", ...about },
        ],
      },
    ]);
    expect(sandbox.events).toEqual([]);
  });
});

describe("a request is forbidden", () => {
  it("unsigned, and with a key that nobody has", async () => {
    const request = await signed();
    const { authorization: _, ...unsigned } = request.headers;
    const authorization = (request.headers.authorization ?? "").replace(/AKIA\w+/, "AKIANOBODY");

    expect(await send({ ...request, headers: unsigned })).toMatchObject(FORBIDDEN);
    expect(await send({ ...request, headers: { ...request.headers, authorization } })).toMatchObject(FORBIDDEN);
    expect(sandbox.calls.map(({ operation, principal }) => [operation, principal])).toEqual([
      ["InvokeFunctionUrl", ""],
      ["InvokeFunctionUrl", "AKIANOBODY"],
    ]);
  });

  it.each<[string, Parameters<typeof signed>[1]]>([
    ["another service", { service: "execute-api" }],
    ["another Region", { region: "eu-west-1" }],
    ["another time", { at: Date.parse("2030-01-02T02:58:00Z") }],
  ])("signed for %s", async (_name, options) => {
    expect(await call({}, options)).toMatchObject(FORBIDDEN);
  });

  it("when it isn't what was signed", async () => {
    const request = await signed({ body: "1" });

    expect(await send({ ...request, body: "2" })).toMatchObject(FORBIDDEN);
    expect(await send({ ...request, url: `${url}throw` })).toMatchObject(FORBIDDEN);
    expect(await send(request)).toMatchObject({ status: 200, text: "1" });
  });

  it("when the session is over", async () => {
    const principal = sandbox.createPrincipal({ type: "AssumedRole", name: "ann", expiresAt: sandbox.clock.now() });

    expect(await call({}, { principal })).toMatchObject(FORBIDDEN);
  });

  it("to a function that isn't there, or has no URL", async () => {
    expect(await send(await signed({ url: url.replace("/web/", "/other/") }))).toMatchObject(FORBIDDEN);
  });
});

describe("who may call a function URL", () => {
  const allow = (Action: string, Condition: Statement["Condition"] = {}): Statement => ({
    Effect: "Allow",
    Action,
    Resource: ARN,
    Condition,
  });
  const byIam = { StringEquals: { "lambda:FunctionUrlAuthType": "AWS_IAM" } };
  const viaUrl = { Bool: { "lambda:InvokedViaFunctionUrl": "true" } };

  it.each<[string, Statement[], boolean]>([
    ["has both permissions", [allow("lambda:InvokeFunctionUrl"), allow("lambda:InvokeFunction")], true],
    [
      "has them on AWS's conditions",
      [allow("lambda:InvokeFunctionUrl", byIam), allow("lambda:InvokeFunction", viaUrl)],
      true,
    ],
    ["may only call the URL", [allow("lambda:InvokeFunctionUrl")], false],
    ["may only invoke", [allow("lambda:InvokeFunction")], false],
    [
      "may by a URL without authorization",
      [
        allow("lambda:InvokeFunction"),
        allow("lambda:InvokeFunctionUrl", { StringEquals: { "lambda:FunctionUrlAuthType": "NONE" } }),
      ],
      false,
    ],
    ["may nothing", [], false],
  ])("%s", async (_name, statements, isAllowed) => {
    const answer = await call({ body: "1" }, { principal: user(...statements) });

    expect(answer).toMatchObject(isAllowed ? { status: 200, text: "1" } : FORBIDDEN);
    if (!isAllowed) expect(answer.headers.get("x-amzn-errortype")).toBe("AccessDeniedException");
  });

  it("of another account needs the function's own policy too", async () => {
    const principal = sandbox.createPrincipal({ type: "IAMUser", name: "ann", account: MEMBER });
    expect(await call({}, { principal })).toMatchObject(FORBIDDEN);

    const permit = (more: Record<string, unknown>) => ({
      Type: "AWS::Lambda::Permission",
      Properties: { FunctionName: ARN, Principal: MEMBER, ...more },
    });
    sandbox.deployTemplate({
      Resources: {
        Url: permit({ Action: "lambda:InvokeFunctionUrl", FunctionUrlAuthType: "AWS_IAM" }),
        Invoke: permit({ Action: "lambda:InvokeFunction", InvokedViaFunctionUrl: true }),
      },
    });

    expect(await call({}, { principal })).toMatchObject({ status: 200 });
  });
});

describe("a function URL's configuration", () => {
  it("is told by name and ARN, until its function is deleted", async () => {
    const lambda = new LambdaClient(clientConfig(sandbox));
    const get = (FunctionName: string) => lambda.send(new GetFunctionUrlConfigCommand({ FunctionName }));

    for (const name of ["web", ARN]) {
      expect(await get(name)).toMatchObject({
        FunctionUrl: `${sandbox.endpoint}/lambda-url/111122223333/eu-central-1/web/`,
        FunctionArn: ARN,
        AuthType: "AWS_IAM",
        CreationTime: expect.stringMatching(/^2030-01-02T03:04:\d\d\.\d{3}Z$/),
        LastModifiedTime: expect.stringMatching(/^2030-01-02T03:04/),
      });
    }
    await lambda.send(new DeleteFunctionCommand({ FunctionName: "web" }));

    for (const name of ["web", "none"]) {
      expect(await failureOf(get(name))).toMatchObject({
        name: "ResourceNotFoundException",
        $metadata: { httpStatusCode: 404 },
      });
    }
  });

  it("is read and listed by Cloud Control without what is write-only", async () => {
    const cloudControl = new CloudControlClient(clientConfig(sandbox));
    const TypeName = "AWS::Lambda::Url";

    const read = await cloudControl.send(new GetResourceCommand({ TypeName, Identifier: ARN }));
    const listed = await cloudControl.send(new ListResourcesCommand({ TypeName }));

    expect(read.ResourceDescription?.Identifier).toBe(ARN);
    expect(JSON.parse(read.ResourceDescription?.Properties ?? "")).toEqual({
      AuthType: "AWS_IAM",
      FunctionArn: ARN,
      FunctionUrl: url,
      InvokeMode: "BUFFERED",
    });
    expect(listed.ResourceDescriptions).toEqual([read.ResourceDescription]);
    expect(sandbox.calls[0]?.permissions.map(({ action, resource }) => [action, resource])).toEqual([
      ["cloudformation:GetResource", "*"],
      ["lambda:GetFunctionUrlConfig", ARN],
    ]);
  });

  it.each([{ AuthType: "CUSTOM" }, { InvokeMode: "RESPONSE_STREAM" }, { Cors: {} }, { Qualifier: "live" }])(
    "of a kind that isn't there is refused: %j",
    (more) => {
      const properties = { AuthType: "AWS_IAM", TargetFunctionArn: ARN, ...more };
      const template = { Resources: { Url: { Type: "AWS::Lambda::Url", Properties: properties } } };

      expect(() => sandbox.deployTemplate(template)).toThrow(/The sandbox (knows|does not know)/);
    },
  );
});

describe("a function URL that is open to everybody", () => {
  const open = (...permissions: readonly object[]) => {
    const Properties = { FunctionName: "open", Handler: "open.handler", Role: "arn:aws:iam::111122223333:role/none" };
    const resources = permissions.map((more, index) => [
      `Permission${index}`,
      { Type: "AWS::Lambda::Permission", Properties: { FunctionName: "open", Principal: "*", ...more } },
    ]);
    const { outputs } = sandbox.deployTemplate(
      {
        Resources: {
          Open: { Type: "AWS::Lambda::Function", Properties },
          Url: {
            Type: "AWS::Lambda::Url",
            Properties: { AuthType: "NONE", TargetFunctionArn: { "Fn::GetAtt": ["Open", "Arn"] } },
          },
          ...Object.fromEntries(resources),
        },
        Outputs: { Url: { Value: { "Fn::GetAtt": ["Url", "FunctionUrl"] } } },
      },
      { bundleOf },
    );
    return String(outputs.Url);
  };
  const byUrl = { Action: "lambda:InvokeFunctionUrl", FunctionUrlAuthType: "NONE" };
  const byInvoke = { Action: "lambda:InvokeFunction", InvokedViaFunctionUrl: true };

  it("asks nobody who he is, and tells the function nobody", async () => {
    const answer = await fetch(open(byUrl, byInvoke), { method: "POST", body: '{"a":1}' });
    expect(answer.status).toBe(200);
    const call = sandbox.calls.findLast(({ operation }) => operation === "InvokeFunctionUrl");
    expect(call).toMatchObject({ principal: "anonymous", resource: "open", status: 200 });
  });

  it.each([
    ["no policy", []],
    ["half a policy", [byUrl]],
    ["a policy for signed requests", [{ ...byUrl, FunctionUrlAuthType: "AWS_IAM" }, byInvoke]],
  ])("is open to nobody with %s", async (_, permissions) => {
    expect((await fetch(open(...permissions), { method: "POST", body: "{}" })).status).toBe(403);
  });
});
