import { ServiceError } from "../errors.ts";
import type { Registry } from "../stack/registry.ts";
import type { ControlHandler } from "./control-service.ts";
import { requireText } from "./input.ts";
import { functionArn } from "./lambda-functions.ts";

/** What a function's URL is, of those that templates made. */
export function functionUrlConfigHandlers(registry: Registry): Record<string, ControlHandler> {
  return {
    GetFunctionUrlConfig: {
      permissions(input, caller) {
        const resource = functionArn(input.FunctionName, caller);
        const url = registry.find("AWS::Lambda::Url", resource, caller.account, caller.region);
        const keys = { "lambda:FunctionUrlAuthType": String(url?.properties.AuthType ?? "AWS_IAM") };
        return [{ action: "lambda:GetFunctionUrlConfig", resource, account: caller.account, keys }];
      },
      run(input, caller) {
        const arn = functionArn(requireText(input, "FunctionName"), caller);
        const url = registry.find("AWS::Lambda::Url", arn, caller.account, caller.region);
        if (!url) {
          const message = "The resource you requested does not exist.";
          throw new ServiceError("ResourceNotFoundException", message, 404, { members: { Type: "User" } });
        }
        const { FunctionUrl, AuthType } = url.properties;
        // Never changed here: there is no UpdateFunctionUrlConfig.
        const time = new Date(url.createdAt ?? 0).toISOString();
        return {
          FunctionUrl,
          FunctionArn: arn,
          AuthType,
          CreationTime: time,
          LastModifiedTime: time,
          InvokeMode: "BUFFERED",
        };
      },
    },
  };
}
